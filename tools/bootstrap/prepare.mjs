import { pnpmCommand } from './pnpm.mjs'
import { runStep } from './steps.mjs'

/** @import { Outcome } from './steps.mjs' */

/** Nx without its terminal interface, its background process and its questions, as scripts and CI need it. */
export const nxEnvironment = { NX_TUI: 'false', NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_INTERACTIVE: 'false', NO_COLOR: '1', FORCE_COLOR: '0' }

/**
 * The command that runs Nx.
 *
 * @param {readonly string[]} args
 * @returns {[string, ...string[]]}
 */
export const nxCommand = (args) => ['node_modules/.bin/nx', ...args, '--output-style=static']

/** The command line of this checkout, once it is built. */
export const transferkit = /** @type {const} */ (['node', 'packages/cli/dist/bin.js'])

/**
 * Installs what the lock file names.
 *
 * @returns {Promise<Outcome>}
 */
export const install = () => runStep('Install the dependencies', [...pnpmCommand(), 'install', '--frozen-lockfile'])

/**
 * Builds every package that changed.
 *
 * @returns {Promise<Outcome>}
 */
export const build = () => runStep('Build the packages', nxCommand(['run-many', '-t', 'build']), { environment: nxEnvironment })

/**
 * Finds or builds the fastest backend of this machine. It is cached beyond this checkout, so it takes its time once.
 *
 * @returns {Promise<Outcome>}
 */
export const prepareRuntime = () => runStep('Prepare the native runtime', [...transferkit, 'runtime', '--install'], { showsProgress: true })

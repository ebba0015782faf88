// `npm run release` publishes what `npm run release:version` gave a new version; `npm run release:check` does all but that, with --dry-run.
import { spawnSync } from 'node:child_process'
import { pnpmCommand } from '../bootstrap/pnpm.mjs'
import { nxCommand } from '../bootstrap/prepare.mjs'
import { demandNode, workspaceRoot } from '../bootstrap/steps.mjs'

demandNode()
const isDryRun = process.argv.includes('--dry-run')

/** @type {readonly (readonly string[])[]} */
const steps = [
  [process.execPath, 'tools/release/publishable.js'],
  nxCommand(['run-many', '-t', 'test:build']),
  // Changesets publishes with the pnpm that it finds, and pnpm writes versions in place of `workspace:`.
  isDryRun ? [...pnpmCommand(), '--recursive', 'publish', '--dry-run', '--no-git-checks'] : [...pnpmCommand(), 'exec', 'changeset', 'publish'],
]

/** @param {readonly string[]} step */
const passes = ([program = '', ...args]) => spawnSync(program, args, { cwd: workspaceRoot, stdio: 'inherit' }).status === 0

process.exitCode = steps.every(passes) ? 0 : 1

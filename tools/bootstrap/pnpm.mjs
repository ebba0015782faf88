import { readFileSync } from 'node:fs'

/**
 * The command that runs the pinned pnpm where only npm is installed; Corepack fails behind some registry mirrors.
 *
 * @returns {[string, ...string[]]}
 */
export const pnpmCommand = () => {
  /** @type {{ packageManager: string }} */
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return ['npx', '--yes', '--package', manifest.packageManager, 'pnpm']
}

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pnpmCommand } from '../bootstrap/pnpm.mjs'

/**
 * Packs a built package as it would be published.
 *
 * @param {string} packageFolder
 * @param {string} destination An empty folder.
 * @returns {string} The tarball.
 */
export const pack = (packageFolder, destination) => {
  const [npx, ...pnpmArguments] = pnpmCommand()
  execFileSync(npx, [...pnpmArguments, 'pack', '--pack-destination', destination], { cwd: packageFolder, stdio: ['ignore', 'ignore', 'inherit'] })
  return join(destination, readdirSync(destination)[0] ?? '')
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.js'

/** @import { PackedPackage } from './packages.js' */

/**
 * Makes a project of somebody who has never seen this repository, and installs it.
 *
 * The packages that it does not name itself come from tarballs too: npm would look for them in its registry, where this version is not yet.
 *
 * @param {string} folder Made where it is not there.
 * @param {object} manifest Its package.json. Dependencies on packages of the workspace are put in as tarballs.
 * @param {readonly PackedPackage[]} packages
 */
export const installProject = async (folder, manifest, packages) => {
  mkdirSync(folder, { recursive: true })
  const tarballs = Object.fromEntries(packages.map(({ manifest: { name }, tarball }) => [name, `file:${tarball}`]))
  const withTarballs = Object.fromEntries(
    Object.entries(manifest).map(([field, value]) => [field, /ependencies$/.test(field) ? Object.fromEntries(Object.entries(value).map(([name, range]) => [name, tarballs[name] ?? range])) : value]),
  )
  /** @type {Record<string, string>} */
  const direct = { ...withTarballs['dependencies'], ...withTarballs['devDependencies'], ...withTarballs['peerDependencies'] }
  const overrides = Object.fromEntries(Object.entries(tarballs).filter(([name]) => direct[name] === undefined))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', version: '1.0.0', private: true, type: 'module', ...withTarballs, overrides }, undefined, 2))
  // Install scripts would download a library that the packages do without.
  await run(folder, ['npm', 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'])
}

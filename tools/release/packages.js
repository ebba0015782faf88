import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from '../bootstrap/steps.mjs'
import { pack } from '../pack/pack.js'

/**
 * The description of a package, as it is packed.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {Record<string, unknown>} exports
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 */

/**
 * A packed package.
 *
 * @typedef {object} PackedPackage
 * @property {Manifest} manifest
 * @property {string} tarball
 * @property {number} bytes Size of the tarball.
 */

/**
 * Packs every package of the workspace.
 *
 * @param {string} destination
 * @returns {readonly PackedPackage[]}
 */
export const packAll = (destination) =>
  readdirSync(join(workspaceRoot, 'packages')).map((name) => {
    const own = join(destination, name)
    mkdirSync(own)
    const tarball = pack(join(workspaceRoot, 'packages', name), own)
    /** @type {Manifest} */
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }))
    return { manifest, tarball, bytes: statSync(tarball).size }
  })

/**
 * The packed package of that name.
 *
 * @param {readonly PackedPackage[]} packages
 * @param {string} name
 */
export const packageNamed = (packages, name) => {
  const found = packages.find(({ manifest }) => manifest.name === name)
  if (found === undefined) throw new Error(`There is no package ${name} in the workspace.`)
  return found
}

/**
 * Entry points by the names that they are imported by.
 *
 * @param {Manifest} manifest
 */
export const entriesOf = ({ name, exports }) => Object.keys(exports).filter((entry) => !entry.endsWith('.json')).map((entry) => name + entry.slice(1))

/**
 * Whether an entry point is for test files, which only a test runner can import.
 *
 * @param {string} entry
 */
export const isForTests = (entry) => /^@transferkit\/(tensor\/conformance|training\/testing)$/.test(entry)

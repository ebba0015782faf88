import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A package of the workspace, as the lint rules see it.
 *
 * @typedef {object} WorkspacePackage
 * @property {string} name Its name in the registry.
 * @property {string} folder Its absolute folder.
 * @property {string} layer What its tag `layer:<name>` says.
 */

/**
 * Reads the packages and their layers.
 *
 * @param {string} workspaceRoot
 * @returns {readonly WorkspacePackage[]}
 */
export const readPackages = (workspaceRoot) => {
  const names = readdirSync(join(workspaceRoot, 'packages')).map((name) => join('packages', name))
  return [...names, 'tools', 'docs'].map((name) => {
    const folder = join(workspaceRoot, name)
    /** @type {{ name: string, nx?: { tags?: string[] } }} */
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const tag = manifest.nx?.tags?.find((candidate) => candidate.startsWith('layer:'))
    if (tag === undefined) throw new Error(`${name}/package.json: "nx.tags" names no layer. Add "layer:<name>", a name of tools/lint/layers.js.`)
    return { name: manifest.name, folder, layer: tag.slice('layer:'.length) }
  })
}

// Says before anything is packed whether the packages can be published with provenance: `node tools/release/publishable.js`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workspaceRoot } from '../bootstrap/steps.mjs'

/**
 * What of a package's description npm's provenance asks for.
 *
 * @typedef {object} Described
 * @property {string} name
 * @property {unknown} [repository]
 */

/**
 * What keeps packages from being published with provenance, as advice; empty where nothing does.
 *
 * @param {readonly Described[]} manifests
 */
export const provenanceProblem = (manifests) => {
  const without = manifests.filter(({ repository }) => repository === undefined).map(({ name }) => name)
  if (without.length === 0) return ''
  return `npm proves where a package was built by the address of its repository, which these do not have: ${without.join(', ')}.
Write into each package.json, with the public address of this repository:
  "repository": { "type": "git", "url": "git+https://HOST/OWNER/NAME.git", "directory": "packages/..." },
  "homepage" and "bugs" beside it. Or publish without provenance: leave NPM_CONFIG_PROVENANCE unset.`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const manifests = readdirSync(join(workspaceRoot, 'packages')).map((name) => JSON.parse(readFileSync(join(workspaceRoot, 'packages', name, 'package.json'), 'utf8')))
  const problem = provenanceProblem(manifests)
  const isAsked = process.env['NPM_CONFIG_PROVENANCE'] === 'true' || process.env['npm_config_provenance'] === 'true'
  if (problem !== '' && isAsked) {
    console.error(problem)
    process.exitCode = 1
  } else {
    console.log(problem === '' ? 'Ready to be published, with provenance where NPM_CONFIG_PROVENANCE is true.' : 'Ready to be published without provenance: no package names its repository.')
  }
}

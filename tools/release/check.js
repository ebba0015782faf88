// Uses the packages as strangers do, outside of the repository and from packed tarballs only: `node tools/release/check.js`.
// `--only STEP`, once or more, runs these steps (and packing), `--keep` leaves the folder, `--budget` writes the sizes found into budget.json.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkAlone } from './alone.js'
import { checkBudget } from './budget.js'
import { bundleSizes } from './bundle.js'
import { usePtuOnPlainModel } from './gates-alone.js'
import { packAll } from './packages.js'
import { checkOutsidePlugin } from './outside-plugin.js'
import { checkScaffold } from './scaffold.js'

/** @import { PackedPackage } from './packages.js' */

/**
 * What a step is given.
 *
 * @typedef {object} Workshop
 * @property {string} folder An empty folder for projects, with a space in its path.
 * @property {readonly PackedPackage[]} packages All packages.
 */

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true, default: [] }, keep: { type: 'boolean', default: false }, budget: { type: 'boolean', default: false } } })

/** @type {Readonly<Record<string, (workshop: Workshop) => Promise<string>>>} */
const steps = {
  alone: checkAlone,
  gates: usePtuOnPlainModel,
  sizes: async (workshop) => checkBudget(workshop.packages, await bundleSizes(workshop), values.budget),
  plugin: checkOutsidePlugin,
  scaffold: checkScaffold,
}

const unknown = values.only.find((name) => !(name in steps))
if (unknown !== undefined) throw new Error(`There is no step '${unknown}'. Steps are: ${Object.keys(steps).join(', ')}.`)
const chosen = Object.entries(steps).filter(([name]) => values.only.length === 0 || values.only.includes(name))

const scratch = mkdtempSync(join(tmpdir(), 'transferkit release '))
try {
  const tarballs = join(scratch, 'tarballs')
  mkdirSync(tarballs)
  const packages = packAll(tarballs)
  console.log(`pack: ${packages.length} packages in ${scratch}`)
  for (const [name, run] of chosen) {
    const begin = performance.now()
    const folder = join(scratch, name)
    mkdirSync(folder)
    const result = await run({ folder, packages })
    console.log(`${name}: ${result} (${((performance.now() - begin) / 1000).toFixed(0)} s)`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  if (!values.keep) rmSync(scratch, { recursive: true, force: true })
}

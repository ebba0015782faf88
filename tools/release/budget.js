import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** @import { PackedPackage } from './packages.js' */

/**
 * Bytes that may be spent.
 *
 * @typedef {object} Size
 * @property {number} tarball The packed package.
 * @property {number} [bundle] Its main entry for a browser, minified, after gzip, without TensorFlow.js.
 */

const file = fileURLToPath(new URL('budget.json', import.meta.url))
const allowance = 1.05

/**
 * What is over the budget, each in one line.
 *
 * @param {Readonly<Record<string, Size>>} budget
 * @param {Readonly<Record<string, Size>>} found
 * @returns {readonly string[]}
 */
export const overspent = (budget, found) =>
  Object.entries(found).flatMap(([name, size]) => {
    const allowed = budget[name]
    if (allowed === undefined) return [`${name} has no budget.`]
    return /** @type {const} */ (['tarball', 'bundle']).flatMap((kind) => {
      const [bytes = 0, limit = 0] = [size[kind], allowed[kind]]
      return bytes > limit * allowance ? [`The ${kind} of ${name} has ${bytes} bytes, ${Math.round((100 * bytes) / limit - 100)} % more than its budget of ${limit}.`] : []
    })
  })

/**
 * Compares the sizes of tarballs and bundles with the budget.
 *
 * @param {readonly PackedPackage[]} packages
 * @param {ReadonlyMap<string, number>} bundles
 * @param {boolean} write Whether the budget is replaced by what was found.
 */
export const checkBudget = (packages, bundles, write) => {
  /** @type {Record<string, Size>} */
  const found = Object.fromEntries(
    packages.map(({ manifest: { name }, bytes }) => {
      const bundle = bundles.get(name)
      return [name, { tarball: bytes, ...(bundle === undefined ? {} : { bundle }) }]
    }),
  )
  if (write) writeFileSync(file, `${JSON.stringify(found, undefined, 2)}\n`)
  const problems = overspent(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}, found)
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\nMake it smaller, or raise the budget on purpose: node tools/release/check.js --only sizes --budget`)
  return `${bundles.size} bundles for browsers without a Node module; tarballs and bundles are within tools/release/budget.json`
}

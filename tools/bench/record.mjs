import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { benchChart } from './chart.mjs'
import { benchPage } from './page.mjs'
import { mergedRows } from './rows.mjs'

/**
 * @typedef {object} Machine What was measured on.
 * @property {string} processor
 * @property {number} cores
 * @property {number} memoryGigabytes
 * @property {string} node
 * @property {number} [matMulGigaflops] Most floating-point operations of a matrix product, in 10⁹ a second, with native TensorFlow.
 */

/**
 * @typedef {object} BenchRecord Everything that was measured.
 * @property {Machine} machine
 * @property {readonly import('./rows.mjs').Row[]} rows
 * @property {readonly import('./scaling.mjs').ScalingRow[]} [scaling]
 * @property {import('./start-up.mjs').StartUp} [startUp]
 */

/** @type {() => string} */
const commit = () => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()

/**
 * Puts what was measured into a file, in place of what it held of the same, and makes the page and the plot beside it.
 *
 * @param {string} file A path that ends with `.json`.
 * @param {{ readonly rows?: readonly import('./rows.mjs').Row[], readonly scaling?: readonly import('./scaling.mjs').ScalingRow[], readonly startUp?: import('./start-up.mjs').StartUp, readonly matMulGigaflops?: number }} measured
 */
export const keep = (file, { rows = [], scaling, startUp, matMulGigaflops }) => {
  /** @type {BenchRecord | undefined} */
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  const peak = matMulGigaflops ?? before?.machine.matMulGigaflops
  const isNew = rows.length > 0 || scaling !== undefined || startUp !== undefined
  const here = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 2 ** 30), node: process.version, ...(peak === undefined ? {} : { matMulGigaflops: peak }) }
  const allScaling = scaling === undefined ? before?.scaling : [...(before?.scaling ?? []).filter(({ axis }) => !scaling.some((row) => row.axis === axis)), ...scaling.map((row) => ({ ...row, commit: commit() }))]
  const start = startUp === undefined ? before?.startUp : { ...startUp, commit: commit() }
  /** @type {BenchRecord} */
  const record = {
    machine: isNew || before === undefined ? here : before.machine,
    rows: mergedRows(before, rows, commit()),
    ...(allScaling === undefined ? {} : { scaling: allScaling }),
    ...(start === undefined ? {} : { startUp: start }),
  }
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`)
  const chart = file.replace(/\.json$/, '.svg')
  writeFileSync(chart, benchChart(record))
  writeFileSync(file.replace(/\.json$/, '.md'), benchPage(record, chart.split('/').at(-1) ?? ''))
}

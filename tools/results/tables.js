import { pairedDifference, summarise } from '@transferkit/training'

/** @import { ResultRow } from 'transferkit' */

/** @type {(number: number) => string} */
export const percent = (number) => (100 * number).toFixed(1)

/** @type {(values: readonly number[]) => string} */
export const withMargin = (values) => {
  const { mean, margin } = summarise(values)
  return Number.isNaN(margin) ? percent(mean) : `${percent(mean)} ± ${percent(margin)}`
}

/** @type {(number: number) => string} */
const signed = (number) => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(1)}`

/** @type {(probability: number) => string} */
export const probabilityText = (probability) => (probability < 0.001 ? 'p < 0.001' : `p ${probability.toFixed(3)}`)

/** @type {(rows: readonly ResultRow[]) => readonly number[]} */
export const accuracies = (rows) => rows.toSorted((left, right) => left.seed - right.seed).map(({ accuracy }) => accuracy)

/**
 * The differences of two strategies by seed, over the seeds that both have.
 *
 * @type {(rows: readonly ResultRow[], baseline: readonly ResultRow[]) => readonly number[]}
 */
export const differencesBySeed = (rows, baseline) => {
  const bySeed = new Map(baseline.map(({ seed, accuracy }) => [seed, accuracy]))
  return rows.flatMap(({ seed, accuracy }) => {
    const other = bySeed.get(seed)
    return other === undefined ? [] : [accuracy - other]
  })
}

/**
 * Mean difference in points with its interval and the paired t-test; undefined with fewer than two seeds in common.
 *
 * @type {(rows: readonly ResultRow[], baseline: readonly ResultRow[]) => { readonly text: string; readonly verdict: 'better' | 'worse' | 'tie' } | undefined}
 */
export const pairedComparison = (rows, baseline) => {
  const differences = differencesBySeed(rows, baseline)
  if (differences.length < 2) return undefined
  const { mean, margin, probability } = pairedDifference(differences, differences.map(() => 0))
  const verdict = Math.abs(mean) <= margin ? 'tie' : mean > 0 ? 'better' : 'worse'
  return { text: `${signed(100 * mean)} ± ${percent(margin)} (${probabilityText(probability)})`, verdict }
}

/** @type {(rows: readonly ResultRow[], baseline: readonly ResultRow[]) => string} */
export const comparison = (rows, baseline) => {
  const found = rows === baseline ? undefined : pairedComparison(rows, baseline)
  return found === undefined ? '' : `${found.text}, ${found.verdict}`
}

/** @type {<T>(items: readonly T[], keyOf: (item: T) => string) => ReadonlyMap<string, T[]>} */
export const grouped = (items, keyOf) => {
  /** @type {Map<string, any[]>} */
  const groups = new Map()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** @type {(cells: readonly string[]) => string} */
const line = (cells) => `| ${cells.join(' | ')} |`

/**
 * A table in Markdown; headings that end in a colon are of columns of numbers.
 *
 * @type {(headings: readonly string[], rows: readonly (readonly string[])[]) => readonly string[]}
 */
export const table = (headings, rows) => [
  line(headings.map((heading) => heading.replace(/:$/, ''))),
  line(headings.map((heading) => (heading.endsWith(':') ? '---:' : '---'))),
  ...rows.map(line),
  '',
]

/**
 * Where and when numbers came about, in a line.
 *
 * @type {(header: { readonly commit?: string; readonly backend: string; readonly machine: string; readonly date: string }) => string}
 */
export const provenance = ({ commit = 'unknown', backend, machine, date }) => `Commit ${commit}, ${backend}; ${machine}; ${date.slice(0, 10)}.`

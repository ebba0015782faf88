import type { ResultRow } from './results.js'

/** The results of one size of the target. @internal */
export interface TargetSize {
  /** Number of target examples that were trained on. */
  readonly examples: number
  /** Its rows. */
  readonly rows: readonly ResultRow[]
}

/**
 * Results by the size of the target, from the smallest to the largest. Only where a strategy was trained several times with one seed are there several sizes:
 * the examples of a share may be one more or less from seed to seed.
 *
 * @param rows The rows of the results, at least one.
 * @internal
 */
export const targetSizes = (rows: readonly ResultRow[]): readonly TargetSize[] => {
  const trainings = new Set(rows.map(({ name, seed }) => JSON.stringify([name, seed])))
  if (trainings.size === rows.length) return [{ examples: Math.max(...rows.map(({ examples }) => examples)), rows }]
  const sizes = [...new Set(rows.map(({ examples }) => examples))].sort((a, b) => a - b)
  return sizes.map((examples) => ({ examples, rows: rows.filter((row) => row.examples === examples) }))
}

import { TransferkitError } from '@transferkit/tensor'
import { mean, sampleStandardDeviation } from 'simple-statistics'
import { twoSidedProbability, twoSidedQuantile } from './student-t.js'

/** What several seeds say together. */
export interface Summary {
  /** Arithmetic mean. */
  readonly mean: number
  /** Sample standard deviation, with `n - 1`; NaN for one value. */
  readonly standardDeviation: number
  /** Half the width of the 95 % confidence interval of the mean by Student's t; the interval is mean ± margin. NaN for one value. */
  readonly margin: number
  /** Number of values. */
  readonly count: number
}

const confidence = 0.95

/**
 * Mean, spread and 95 % confidence interval of some values, such as the accuracies of several seeds: `x̄ ± t · s / √n`.
 *
 * @param values At least one.
 * @throws TransferkitError `statistics/empty` when there is none.
 *
 * @example
 * ```ts
 * import { summarise } from '@transferkit/training'
 *
 * const { mean, margin } = summarise([0.91, 0.93, 0.92])
 * ```
 */
export const summarise = (values: readonly number[]): Summary => {
  if (values.length === 0) throw new TransferkitError('statistics/empty', 'A summary needs at least one value.')
  const count = values.length
  if (count === 1) return { mean: values[0] ?? Number.NaN, standardDeviation: Number.NaN, margin: Number.NaN, count }
  const standardDeviation = sampleStandardDeviation([...values])
  return { mean: mean([...values]), standardDeviation, margin: (twoSidedQuantile(confidence, count - 1) * standardDeviation) / Math.sqrt(count), count }
}

/** How one strategy compares with another over the same seeds. */
export interface PairedDifference extends Summary {
  /** Two-sided probability of a difference at least as large if there were none, by the paired t-test; NaN for one pair. */
  readonly probability: number
}

/**
 * Mean difference of paired values, such as the accuracies of two strategies by seed, with its 95 % confidence interval and the paired t-test.
 *
 * @param values One value a seed.
 * @param baseline What to compare with, one value for each of the same seeds in the same order.
 * @returns The summary of `values - baseline`.
 * @throws TransferkitError `statistics/not-paired` when the lists differ in length, `statistics/empty` when they are empty.
 *
 * @example
 * ```ts
 * import { pairedDifference } from '@transferkit/training'
 *
 * const { mean, margin } = pairedDifference([0.93, 0.94, 0.92], [0.91, 0.93, 0.92])
 * const isBetter = mean - margin > 0
 * ```
 */
export const pairedDifference = (values: readonly number[], baseline: readonly number[]): PairedDifference => {
  if (values.length !== baseline.length) {
    throw new TransferkitError('statistics/not-paired', `Values are compared seed by seed, but there are ${values.length} of one and ${baseline.length} of the other.`)
  }
  const summary = summarise(values.map((value, index) => value - (baseline[index] ?? Number.NaN)))
  const { count, standardDeviation } = summary
  // Equal differences leave nothing to chance: without any they tell nothing, otherwise everything.
  const statistic = summary.mean === 0 ? 0 : summary.mean / (standardDeviation / Math.sqrt(count))
  return { ...summary, probability: count === 1 ? Number.NaN : twoSidedProbability(statistic, count - 1) }
}

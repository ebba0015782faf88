import { pairedDifference, summarise, type Summary } from '@transferkit/training'

/** A mean over seeds with its uncertainty. */
export interface Estimate {
  /** Mean over the seeds. */
  readonly mean: number
  /** Half the width of the 95 % interval (Student's t over the seeds); absent with a single seed. */
  readonly halfWidth?: number
}

const estimate = ({ mean, margin, count }: Summary): Estimate => (count > 1 ? { mean, halfWidth: margin } : { mean })

/**
 * The mean of what the seeds gave.
 *
 * @param values A number a seed, at least one.
 * @internal
 */
export const estimateOf = (values: readonly number[]): Estimate => estimate(summarise(values))

/**
 * The mean difference of two lists of numbers by seed, over the seeds that both have.
 *
 * @param values Numbers by seed.
 * @param baseline What they are compared with.
 * @returns The difference; `undefined` where they have no seed in common.
 * @internal
 */
export const pairedBySeed = (values: ReadonlyMap<number, number>, baseline: ReadonlyMap<number, number>): Estimate | undefined => {
  const pairs = [...values].flatMap(([seed, value]) => {
    const other = baseline.get(seed)
    return other === undefined ? [] : [[value, other] as const]
  })
  if (pairs.length === 0) return undefined
  return estimate(
    pairedDifference(
      pairs.map(([own]) => own),
      pairs.map(([, other]) => other),
    ),
  )
}

/**
 * How a paired difference is to be read: `tied` while its interval holds 0, and always with a single seed.
 *
 * @internal
 */
export const readingOf = ({ mean, halfWidth }: Estimate): 'better' | 'worse' | 'tied' => {
  if (halfWidth === undefined || Math.abs(mean) <= halfWidth) return 'tied'
  return mean > 0 ? 'better' : 'worse'
}

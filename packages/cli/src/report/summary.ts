import { type Estimate, estimateOf, pairedBySeed, readingOf } from './estimate.js'
import { accuracyText, counted, decimal, signed } from './format.js'
import type { ResultRow } from './results.js'

/** What one seed gave. */
export interface SeedAccuracy {
  /** The seed. */
  readonly seed: number
  /** Share of the test images that were right, from 0 to 1. */
  readonly accuracy: number
}

/** What came out for one strategy. */
export interface StrategySummary {
  /** Name of the entry in the recipe. */
  readonly name: string
  /** Identifier of the strategy. */
  readonly strategy: string
  /** Seeds and what each gave, in the order of the seeds. */
  readonly bySeed: readonly SeedAccuracy[]
  /** Accuracy, from 0 to 1. */
  readonly accuracy: Estimate
  /** Accuracy less that of fine-tuning, paired by seed; absent for fine-tuning itself and where it was not run with the same seeds. */
  readonly difference?: Estimate
  /** Numbers stored for the target alone. */
  readonly privateParameters: number
  /** Numbers that training changed. */
  readonly trainedParameters: number
  /** Mean duration of a training in seconds. */
  readonly seconds: number
}

/** What a comparison says. */
export interface ComparisonSummary {
  /** One entry a strategy, in the order of the rows. */
  readonly strategies: readonly StrategySummary[]
  /** The strategy with the highest mean accuracy. */
  readonly best: StrategySummary
  /** The best of those that treat whole layers as random, frozen or fine-tuned: `scratch`, `feature-extraction`, `fine-tune`, `partial`; absent where none was run. */
  readonly bestDiscrete?: StrategySummary
  /** The main finding in one sentence. */
  readonly headline: string
  /** Other findings and warnings, a sentence each. */
  readonly remarks: readonly string[]
}

const discreteStrategies = new Set(['scratch', 'feature-extraction', 'fine-tune', 'partial'])

const accuraciesBySeed = (rows: readonly ResultRow[]): ReadonlyMap<number, number> => new Map(rows.map(({ seed, accuracy }) => [seed, accuracy]))

/** Difference of two strategies over the seeds that both have. */
const differenceOf = (rows: readonly ResultRow[], baseline: readonly ResultRow[]): Estimate | undefined => pairedBySeed(accuraciesBySeed(rows), accuraciesBySeed(baseline))

const highest = (strategies: readonly StrategySummary[]): StrategySummary | undefined =>
  strategies.reduce<StrategySummary | undefined>((best, candidate) => (best === undefined || candidate.accuracy.mean > best.accuracy.mean ? candidate : best), undefined)

const intervalText = ({ mean, halfWidth = 0 }: Estimate): string => `95 % interval ${signed(100 * (mean - halfWidth))} to ${signed(100 * (mean + halfWidth))}`

const verdictOn = ({ name, difference, bySeed }: StrategySummary): string | undefined => {
  if (difference === undefined) return undefined
  const points = `${signed(100 * difference.mean)} points`
  if (difference.halfWidth === undefined) return `${name} against fine-tuning: ${points} with a single seed, which decides nothing; compare over several seeds.`
  const detail = `${points}, ${intervalText(difference)}, paired over ${counted(bySeed.length, 'seed')}`
  switch (readingOf(difference)) {
    case 'better':
      return `${name} is better than fine-tuning: ${detail}.`
    case 'worse':
      return `${name} is worse than fine-tuning: ${detail}.`
    case 'tied':
      return `${name} and fine-tuning are tied: ${detail}; the interval contains 0.`
  }
}

const belowFloor = (strategies: readonly StrategySummary[], rowsOf: (name: string) => readonly ResultRow[]): readonly string[] =>
  [
    { id: 'scratch', warning: 'Negative transfer', floor: 'training from scratch' },
    { id: 'feature-extraction', warning: 'Below the linear probe', floor: 'a linear classifier on frozen features' },
  ].flatMap(({ id, warning, floor }) => {
    const reference = strategies.find(({ strategy }) => strategy === id)
    if (reference === undefined) return []
    return strategies.flatMap(({ name, strategy }) => {
      if (strategy === 'scratch' || strategy === id) return []
      const difference = differenceOf(rowsOf(name), rowsOf(reference.name))
      if (difference === undefined || difference.mean >= 0) return []
      const doubt = difference.halfWidth === undefined ? ', with a single seed' : readingOf(difference) === 'tied' ? ', within the interval' : ''
      return [`${warning}: ${name} is ${decimal(-100 * difference.mean)} points below ${floor}${doubt}.`]
    })
  })

/**
 * Reads a comparison: intervals, paired differences, the best strategy, how PTU stands to fine-tuning, warnings.
 *
 * The 95 % intervals are Student's t over seeds, differences to fine-tuning are paired by seed; nothing is called better or worse while the interval holds 0.
 *
 * @param rows The rows of the results, at least one.
 *
 * @example
 * ```ts
 * import { summariseResults } from 'transferkit'
 *
 * const common = { source: 's', target: 't', options: {}, examples: 50, testExamples: 100, privateParameters: 10, trainedParameters: 10, seconds: 1 }
 * const { headline } = summariseResults([
 *   { ...common, strategy: 'fine-tune', name: 'fine-tune', seed: 1, accuracy: 0.9 },
 *   { ...common, strategy: 'ptu', name: 'ptu', seed: 1, accuracy: 0.92 },
 * ])
 * ```
 */
export const summariseResults = (rows: readonly ResultRow[]): ComparisonSummary => {
  const names = [...new Set(rows.map(({ name }) => name))]
  const rowsOf = (name: string): readonly ResultRow[] => rows.filter((row) => row.name === name).sort((a, b) => a.seed - b.seed)
  const fineTuning = highest(names.filter((name) => rowsOf(name)[0]?.strategy === 'fine-tune').map((name) => summaryOf(rowsOf(name))))
  const strategies = names.map((name) => summaryOf(rowsOf(name), fineTuning === undefined || fineTuning.name === name ? undefined : rowsOf(fineTuning.name)))
  const best = highest(strategies)
  if (best === undefined) throw new RangeError('There are no results to summarise.')
  const bestDiscrete = highest(strategies.filter(({ strategy }) => discreteStrategies.has(strategy)))
  const seeds = counted(best.bySeed.length, 'seed')
  const verdicts = strategies.filter(({ strategy }) => strategy.split('+')[0] === 'ptu').flatMap((summary) => verdictOn(summary) ?? [])
  const rivals = strategies.filter(({ name }) => {
    const difference = name === best.name ? undefined : differenceOf(rowsOf(name), rowsOf(best.name))
    return difference?.halfWidth !== undefined && readingOf(difference) === 'tied'
  })
  const incomplete = strategies.filter(({ bySeed }) => bySeed.length < Math.max(...strategies.map((other) => other.bySeed.length)))
  return {
    strategies,
    best,
    ...(bestDiscrete === undefined ? {} : { bestDiscrete }),
    headline: `Best: ${best.name}, ${accuracyText(best.accuracy)} % of the test images right (mean of ${seeds}${best.accuracy.halfWidth === undefined ? '' : ', 95 % interval'}).`,
    remarks: [
      ...(rivals.length === 0 ? [] : [`Not told apart from it by these seeds: ${rivals.map(({ name }) => name).join(', ')}.`]),
      ...verdicts,
      ...belowFloor(strategies, rowsOf),
      ...(incomplete.length === 0 ? [] : [`Not finished: ${incomplete.map(({ name }) => name).join(', ')} ${incomplete.length === 1 ? 'has' : 'have'} fewer seeds than the others.`]),
    ],
  }
}

const summaryOf = (rows: readonly ResultRow[], baseline?: readonly ResultRow[]): StrategySummary => {
  const [first] = rows
  if (first === undefined) throw new RangeError('A strategy without results cannot be summarised.')
  const difference = baseline === undefined ? undefined : differenceOf(rows, baseline)
  return {
    name: first.name,
    strategy: first.strategy,
    bySeed: rows.map(({ seed, accuracy }) => ({ seed, accuracy })),
    accuracy: estimateOf(rows.map(({ accuracy }) => accuracy)),
    ...(difference === undefined ? {} : { difference }),
    privateParameters: first.privateParameters,
    trainedParameters: first.trainedParameters,
    seconds: estimateOf(rows.map(({ seconds }) => seconds)).mean,
  }
}

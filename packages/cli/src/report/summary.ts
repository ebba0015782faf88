import { discreteGrid } from './discrete-grid.js'
import { type Estimate, estimateOf, pairedBySeed, readingOf } from './estimate.js'
import { accuracyText, counted, decimal, grouped, intervalText, signed } from './format.js'
import { pruningEffects } from './pruning-effect.js'
import type { ResultRow } from './results.js'
import { isBaseline, isDiscrete, isTransferUnit } from './strategy-families.js'
import { targetSizes } from './target-sizes.js'

/** What one seed gave. */
export interface SeedAccuracy {
  /** The seed. */
  readonly seed: number
  /** Share of the test examples that were right, from 0 to 1. */
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
  /** Models that take nothing from a source, such as `tf-idf + logistic regression`; shown for comparison only. */
  readonly baselines: readonly StrategySummary[]
  /** The strategy with the highest mean accuracy. */
  readonly best: StrategySummary
  /** The best of those that treat whole layers as random, frozen or fine-tuned: `scratch`, `feature-extraction`, `fine-tune`, `partial`, `discrete-states`; absent where none was run. */
  readonly bestDiscrete?: StrategySummary
  /** The main finding in one sentence. */
  readonly headline: string
  /** Other findings and warnings, a sentence each. */
  readonly remarks: readonly string[]
}

const accuraciesBySeed = (rows: readonly ResultRow[]): ReadonlyMap<number, number> => new Map(rows.map(({ seed, accuracy }) => [seed, accuracy]))

/** Difference of two strategies over the seeds that both have. */
const differenceOf = (rows: readonly ResultRow[], baseline: readonly ResultRow[]): Estimate | undefined => pairedBySeed(accuraciesBySeed(rows), accuraciesBySeed(baseline))

const highest = (strategies: readonly StrategySummary[]): StrategySummary | undefined =>
  strategies.reduce<StrategySummary | undefined>((best, candidate) => (best === undefined || candidate.accuracy.mean > best.accuracy.mean ? candidate : best), undefined)

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
    { id: 'fresh-network', warning: 'Negative transfer', floor: 'a fresh network without transfer' },
    { id: 'feature-extraction', warning: 'Below the linear probe', floor: 'a linear classifier on frozen features' },
  ].flatMap(({ id, warning, floor }) => {
    const reference = strategies.find(({ strategy }) => strategy === id)
    if (reference === undefined) return []
    return strategies.flatMap(({ name, strategy }) => {
      // The grid of the discrete states shows how far below each is.
      if (['scratch', 'fresh-network', 'discrete-states', id].includes(strategy)) return []
      const difference = differenceOf(rowsOf(name), rowsOf(reference.name))
      // What is written as 0.0 is not worth a warning.
      if (difference === undefined || difference.mean > -0.0005) return []
      const doubt = difference.halfWidth === undefined ? ', with a single seed' : readingOf(difference) === 'tied' ? ', within the interval' : ''
      return [`${warning}: ${name} is ${decimal(-100 * difference.mean)} points below ${floor}${doubt}.`]
    })
  })

/** How the best strategy stands to models that take nothing from a source. */
const againstBaselines = (best: StrategySummary, baselines: readonly StrategySummary[], rowsOf: (name: string) => readonly ResultRow[]): readonly string[] =>
  baselines.map(({ name, accuracy }) => {
    const start = `Without any transfer, ${name} has ${accuracyText(accuracy)} %`
    const difference = differenceOf(rowsOf(best.name), rowsOf(name))
    if (difference === undefined) return `${start}.`
    const points = `${signed(100 * difference.mean)} points`
    if (difference.halfWidth === undefined) return `${start}: ${best.name} is at ${points} to it, with a single seed.`
    const readings = { better: `${best.name} is better`, tied: `${best.name} is not told apart from it`, worse: `${best.name} is worse` }
    return `${start}: ${readings[readingOf(difference)]}, ${points}, ${intervalText(difference)}.`
  })

/**
 * Reads a comparison: intervals, paired differences, the best strategy, how PTU stands to fine-tuning and to the grid of discrete states, warnings.
 *
 * The 95 % intervals are Student's t over seeds, differences to fine-tuning are paired by seed; nothing is called better or worse while the interval holds 0.
 * Where a strategy was trained on several sizes of the target, the largest size is read.
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
  const sizes = targetSizes(rows)
  const read = sizes.at(-1)?.rows ?? []
  const names = [...new Set(read.map(({ name }) => name))]
  const rowsOf = (name: string): readonly ResultRow[] => read.filter((row) => row.name === name).sort((a, b) => a.seed - b.seed)
  const fineTuning = highest(names.filter((name) => rowsOf(name)[0]?.strategy === 'fine-tune').map((name) => summaryOf(rowsOf(name))))
  const all = names.map((name) => summaryOf(rowsOf(name), fineTuning === undefined || fineTuning.name === name ? undefined : rowsOf(fineTuning.name)))
  const strategies = all.filter(({ strategy }) => !isBaseline(strategy))
  const baselines = all.filter(({ strategy }) => isBaseline(strategy))
  const best = highest(strategies)
  if (best === undefined) throw new RangeError('There are no results to summarise.')
  const bestDiscrete = highest(strategies.filter(({ strategy }) => isDiscrete(strategy)))
  const seeds = counted(best.bySeed.length, 'seed')
  const verdicts = strategies.filter(({ strategy }) => isTransferUnit(strategy)).flatMap((summary) => verdictOn(summary) ?? [])
  const rivals = strategies.filter(({ name }) => {
    const difference = name === best.name ? undefined : differenceOf(rowsOf(name), rowsOf(best.name))
    return difference?.halfWidth !== undefined && readingOf(difference) === 'tied'
  })
  const incomplete = all.filter(({ bySeed }) => bySeed.length < Math.max(...all.map((other) => other.bySeed.length)))
  return {
    strategies,
    baselines,
    best,
    ...(bestDiscrete === undefined ? {} : { bestDiscrete }),
    headline: `Best: ${best.name}, ${accuracyText(best.accuracy)} % of the test examples right (mean of ${seeds}${best.accuracy.halfWidth === undefined ? '' : ', 95 % interval'}).`,
    remarks: [
      ...(sizes.length === 1 ? [] : [`Table and findings are those of the largest of ${sizes.length} target sizes, ${grouped(sizes.at(-1)?.examples ?? 0)} examples.`]),
      ...(rivals.length === 0 ? [] : [`Not told apart from it by these seeds: ${rivals.map(({ name }) => name).join(', ')}.`]),
      ...(discreteGrid(read)?.units.map(({ sentence }) => sentence) ?? []),
      ...verdicts,
      ...againstBaselines(best, baselines, rowsOf),
      ...pruningEffects(read),
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

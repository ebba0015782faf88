import { branchAt, globalAveragePool, inference, type Inspection, readSync, type Tensor, type TensorTree } from '@transferkit/tensor'
import { featureMaps } from '../matching/feature-distance.js'
import type { MatchedPair } from '../matching/pairs.js'
import { droppedAt, keptPairs } from '../matching/pruning.js'
import { pairWeights } from '../matching/weighted-matching.js'
import type { IterationSettings } from './l2t-ww-iteration.js'

/** How many channels of a pair are shown. */
const shownChannels = 5

/** What the meta-networks say of one pair, as numbers. */
interface ShownPair {
  readonly pair: MatchedPair
  /** `λ` by example. */
  readonly where: Float32Array
  /** Rows of `w`, one an example. */
  readonly what: readonly Float32Array[]
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0) / values.length

const deviation = (values: ArrayLike<number>): number => {
  const centre = mean(values)
  return Math.sqrt(mean(Array.from(values, (value) => (value - centre) ** 2)))
}

/** Entropy of a distribution over its largest possible one: 1 where all are alike, 0 where one has everything. */
const relativeEntropy = (weights: Float32Array): number =>
  weights.length < 2 ? 0 : -weights.reduce((total, weight) => (weight > 0 ? total + weight * Math.log(weight) : total), 0) / Math.log(weights.length)

const rowsOf = (values: Float32Array, width: number): readonly Float32Array[] => Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width))

/** Numbers by source tap and target tap. */
const matrix = (shown: readonly ShownPair[], numberOf: (shown: ShownPair) => number): Inspection['series'] => {
  const series: Record<string, Record<string, number>> = {}
  for (const one of shown) series[one.pair.source] = { ...series[one.pair.source], [one.pair.target]: numberOf(one) }
  return series
}

const topChannels = ({ what }: ShownPair): Readonly<Record<string, number>> => {
  const means = Array.from(what[0] ?? [], (_, channel) => mean(what.map((row) => row[channel] ?? 0)))
  const order = means.map((weight, channel) => ({ weight, channel })).sort((a, b) => b.weight - a.weight || a.channel - b.channel)
  return Object.fromEntries(order.slice(0, shownChannels).map(({ weight, channel }) => [`channel ${channel}`, weight]))
}

/** What the meta-networks say of some examples: where and how much is transferred, and which channels; and which pairs were dropped, with the step. @internal */
export const inspectMetaNetworks = ({ source, matching }: IterationSettings, extra: TensorTree, inputs: Tensor): readonly Inspection[] => {
  const { pairs, what, where } = matching
  const { taps } = source.network.apply(source.variables, inputs, inference)
  // The pairs were checked against the taps.
  const pooled = pairs.map((pair) => ({ pooled: globalAveragePool(featureMaps(taps[pair.source] as Tensor)) }))
  const pruning = 'pruning' in extra ? branchAt(extra, 'pruning') : undefined
  const weights = pairWeights(matching, pooled, branchAt(extra, 'meta'), pruning && keptPairs(pruning))
  const shown = pairs.flatMap((pair, index): readonly ShownPair[] => {
    const weight = weights[index]
    return weight === undefined ? [] : [{ pair, where: readSync(weight.where), what: rowsOf(readSync(weight.what), weight.what.shape[1] ?? 1) }]
  })
  const axes = { rowAxis: 'target tap' }
  const drops = pruning === undefined ? [] : [...readSync(droppedAt(pruning))]
  const dropped = shown.filter((_, index) => (drops[index] ?? 0) > 0)
  return [
    ...(where === 'one'
      ? []
      : [
          { name: 'lambda', title: 'Where to transfer: weights of the pairs', ...axes, valueAxis: where === 'relu6' ? 'mean λ over examples, 0 to 6' : 'mean λ over examples', kind: 'heat-map' as const, series: matrix(shown, (one) => mean(one.where)) },
          { name: 'lambda-spread', title: 'How far the weights of a pair differ between examples', ...axes, valueAxis: 'standard deviation of λ over examples', kind: 'heat-map' as const, series: matrix(shown, (one) => deviation(one.where)) },
        ]),
    ...(what === 'uniform'
      ? []
      : [
          { name: 'channel-entropy', title: 'What to transfer: how evenly channels count', ...axes, valueAxis: 'entropy of w over its largest, mean over examples, 0 (one channel) to 1 (all alike)', kind: 'heat-map' as const, series: matrix(shown, (one) => mean(one.what.map(relativeEntropy))) },
          { name: 'top-channels', title: 'What to transfer: the channels that count most', rowAxis: 'channel', valueAxis: 'mean w over examples', series: Object.fromEntries(shown.map((one) => [`${one.pair.source}:${one.pair.target}`, topChannels(one)])) },
        ]),
    ...(dropped.length === 0 ? [] : [{ name: 'pruned-pairs', title: 'Pairs that were dropped', ...axes, valueAxis: 'step in which the pair was dropped', kind: 'heat-map' as const, series: matrix(dropped, ({ pair }) => drops[pairs.indexOf(pair)] ?? 0) }]),
  ]
}

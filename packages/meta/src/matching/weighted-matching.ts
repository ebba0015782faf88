import { foldIn, globalAveragePool, type Images, type Key, mean, mergeTrees, multiply, add, scalar, type Scalar, slice, stopGradient, type Taps, type Tensor, type TensorTree, branchAt, fill, type Vectors } from '@transferkit/tensor'
import { channelWeights, initChannelWeights, weightedDistance } from './channel-weights.js'
import { featureDistance, featureMaps, resizedTo } from './feature-distance.js'
import type { MatchedPair } from './pairs.js'
import { initProjection, project } from './projection.js'
import { initPairWeight, pairWeight, type WhereKind } from './where-network.js'

/** How channels are weighted: by a what-network, or all alike. */
export type WhatKind = 'softmax' | 'uniform'

/** What is matched and how it is weighted. */
export interface WeightedMatching {
  /** The pairs. */
  readonly pairs: readonly MatchedPair[]
  /** `β`, the factor on the whole loss. */
  readonly beta: number
  /** What-networks. */
  readonly what: WhatKind
  /** Where-networks. */
  readonly where: WhereKind
}

/** Source features of one pair on a batch: what does not change while the target is trained on it. */
export interface SourceFeatures {
  /** `S`, in the size of the target's maps. */
  readonly maps: Images
  /** `a`, the means over all positions of `S` as it was before resizing. */
  readonly pooled: Vectors
}

/** A matching loss and its parts. */
export interface MatchingLoss {
  /** `L_wfm = β Σ mean_b λ[b] Σ_c w[b,c] D[b,c]`. */
  readonly loss: Scalar
  /** What each pair adds to it, by name. */
  readonly pairs: Readonly<Record<string, Scalar>>
}

const channelsOf = (shape: readonly number[]): number => shape.at(-1) ?? 0

/** Makes one tree a pair, under its name. */
const byPair = (pairs: readonly MatchedPair[], make: (pair: MatchedPair) => TensorTree): TensorTree => mergeTrees(...pairs.map((pair) => ({ [pair.name]: make(pair) })))

/**
 * Projections of all pairs, by pair; see {@link initProjection}.
 *
 * @param pairs The pairs.
 * @param key Source of randomness.
 *
 * @example
 * ```ts
 * import { initProjections } from '@transferkit/meta'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const pair = { source: 'stage1', target: 'stage1', name: 'stage1:stage1', sourceShape: [8, 8, 16], targetShape: [8, 8, 64] }
 * const params = initProjections([pair], randomKey(1)) // { 'stage1:stage1': { filter, bias } }
 * ```
 */
export const initProjections = (pairs: readonly MatchedPair[], key: Key): TensorTree =>
  byPair(pairs, ({ name, sourceShape, targetShape }) => initProjection(foldIn(key, name), { target: channelsOf(targetShape), source: channelsOf(sourceShape) }))

/**
 * Parameters of all meta-networks, `φ`: by pair under `what` and `where`; see {@link initChannelWeights} and {@link initPairWeight}.
 *
 * @param matching What is matched.
 * @param key Source of randomness.
 *
 * @example
 * ```ts
 * import { initMetaNetworks } from '@transferkit/meta'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const pair = { source: 'stage1', target: 'stage1', name: 'stage1:stage1', sourceShape: [8, 8, 16], targetShape: [8, 8, 64] }
 * const meta = initMetaNetworks({ pairs: [pair], beta: 0.5, what: 'softmax', where: 'relu6' }, randomKey(1))
 * ```
 */
export const initMetaNetworks = ({ pairs, what, where }: WeightedMatching, key: Key): TensorTree => ({
  what: what === 'uniform' ? {} : byPair(pairs, ({ sourceShape }) => initChannelWeights(channelsOf(sourceShape))),
  where: byPair(pairs, ({ name, sourceShape }) => initPairWeight(where, foldIn(key, name), channelsOf(sourceShape))),
})

/**
 * Source features of all pairs on a batch, computed once for all steps on it: pooled, and resized to the target's maps. They carry no gradient.
 *
 * @param pairs The pairs.
 * @param taps Activations of the source network.
 *
 * @example
 * ```ts
 * import { sourceFeatures } from '@transferkit/meta'
 * import { ones } from '@transferkit/tensor'
 *
 * const pair = { source: 'stage1', target: 'stage1', name: 'stage1:stage1', sourceShape: [8, 8, 16], targetShape: [4, 4, 64] }
 * const [features] = sourceFeatures([pair], { stage1: ones([2, 8, 8, 16]) })
 * ```
 */
export const sourceFeatures = (pairs: readonly MatchedPair[], taps: Taps): readonly SourceFeatures[] => {
  const resized = new Map<string, Images>()
  const pooled = new Map<string, Vectors>()
  return pairs.map(({ source, targetShape }) => {
    // The pairs were checked against the taps.
    const maps = stopGradient(featureMaps(taps[source] as Tensor))
    const [height = 1, width = 1] = targetShape.length === 3 ? targetShape : []
    const size = `${source} ${height}x${width}`
    const atSize = resized.get(size) ?? resizedTo(maps, { shape: [1, height, width, 1] })
    const mean = pooled.get(source) ?? globalAveragePool(maps)
    resized.set(size, atSize)
    pooled.set(source, mean)
    return { maps: atSize, pooled: mean }
  })
}

/** `w` and `λ` of a pair on a batch. */
export interface PairWeights {
  /** `w`, `[batch, channel]`, or `[1, channel]` where channels count alike. */
  readonly what: Tensor
  /** `λ`, `[batch]`. */
  readonly where: Tensor<readonly ['batch']>
}

/**
 * What the meta-networks say of a batch, pair by pair.
 *
 * @param matching What is matched.
 * @param features Source features of all pairs, of which only the pooled ones count.
 * @param meta `φ`.
 * @param kept Factors on `λ`, `[pair]`: 1, or 0 for a pair that was dropped; all are kept unless told.
 *
 * @example
 * ```ts
 * import { initMetaNetworks, pairWeights, sourceFeatures } from '@transferkit/meta'
 * import { ones, randomKey } from '@transferkit/tensor'
 *
 * const pair = { source: 'stage1', target: 'stage1', name: 'stage1:stage1', sourceShape: [8, 8, 16], targetShape: [4, 4, 64] }
 * const matching = { pairs: [pair], beta: 0.5, what: 'softmax', where: 'relu6' } as const
 * const [weights] = pairWeights(matching, sourceFeatures([pair], { stage1: ones([2, 8, 8, 16]) }), initMetaNetworks(matching, randomKey(1)))
 * ```
 */
export const pairWeights = ({ pairs, what, where }: WeightedMatching, features: readonly Pick<SourceFeatures, 'pooled'>[], meta: TensorTree, kept?: Tensor): readonly PairWeights[] => {
  const at = (branch: string, name: string): TensorTree => branchAt(branchAt(meta, branch), name)
  return features.map(({ pooled }, index) => {
    const name = pairs[index]?.name ?? ''
    const channels = pooled.shape[1]
    const lambda = pairWeight(where, at('where', name), pooled)
    return {
      what: what === 'uniform' ? fill([1, channels], 1 / channels) : channelWeights(at('what', name), pooled),
      // One factor for the whole batch.
      where: kept === undefined ? lambda : (multiply(lambda as Tensor, slice(kept, [index], [1])) as Tensor<readonly ['batch']>),
    }
  })
}

/**
 * The weighted matching loss: `L_wfm = β Σ_mn mean_b λ_mn[b] Σ_c w_mn[b,c] D_mn[b,c]`, with `D` of {@link featureDistance}.
 *
 * @param matching What is matched.
 * @param features Source features of all pairs.
 * @param taps Activations of the target network.
 * @param projections What {@link initProjections} made.
 * @param weights What {@link pairWeights} gave.
 *
 * @example
 * ```ts
 * import { initMetaNetworks, initProjections, matchingLoss, pairWeights, sourceFeatures } from '@transferkit/meta'
 * import { ones, randomKey } from '@transferkit/tensor'
 *
 * const pair = { source: 'stage1', target: 'stage1', name: 'stage1:stage1', sourceShape: [8, 8, 16], targetShape: [4, 4, 64] }
 * const matching = { pairs: [pair], beta: 0.5, what: 'softmax', where: 'relu6' } as const
 * const features = sourceFeatures([pair], { stage1: ones([2, 8, 8, 16]) })
 * const weights = pairWeights(matching, features, initMetaNetworks(matching, randomKey(1)))
 * const { loss } = matchingLoss(matching, features, { stage1: ones([2, 4, 4, 64]) }, initProjections([pair], randomKey(2)), weights)
 * ```
 */
export const matchingLoss = ({ pairs, beta }: Pick<WeightedMatching, 'pairs' | 'beta'>, features: readonly SourceFeatures[], taps: Taps, projections: TensorTree, weights: readonly PairWeights[]): MatchingLoss => {
  const losses = pairs.map(({ name, target }, index): readonly [string, Scalar] => {
    const [source, weight, maps] = [features[index], weights[index], taps[target]]
    if (source === undefined || weight === undefined || maps === undefined) return [name, scalar(0)]
    const distance = featureDistance(source.maps, project(branchAt(projections, name), featureMaps(maps)))
    return [name, multiply(mean(multiply(weight.where, weightedDistance(distance, weight.what))), beta)]
  })
  return { loss: losses.map(([, loss]) => loss).reduce((total, loss) => add(total, loss), scalar(0)), pairs: Object.fromEntries(losses) }
}

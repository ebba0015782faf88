import { ones, type PenaltyInputs, type Scalar, type Tensor, type TensorTree } from '@transferkit/tensor'
import type { MatchedPair } from '../matching/pairs.js'
import { matchingLoss, type SourceFeatures, sourceFeatures } from '../matching/weighted-matching.js'

/** What a term is computed from in which all pairs count alike. @internal */
export interface MatchingTerm {
  readonly pairs: readonly MatchedPair[]
  readonly beta: number
  /** Projections by the name of the pair. */
  readonly projections: TensorTree
  /** Weights of the source's channels for a pair: one row an example, or one for all. */
  readonly weights: (pair: MatchedPair, features: SourceFeatures) => Tensor
}

/** `β Σ mean_b Σ_c w[b,c] D[b,c]`: weighted matching with `λ = 1`. @internal */
export const matchingPenalty = (inputs: Pick<PenaltyInputs, 'forward' | 'source'>, { pairs, beta, projections, weights }: MatchingTerm): Scalar => {
  const features = sourceFeatures(pairs, inputs.source().taps)
  const weighted = pairs.flatMap((pair, index) => {
    const ofPair = features[index]
    return ofPair === undefined ? [] : [{ what: weights(pair, ofPair), where: ones([ofPair.maps.shape[0]]) }]
  })
  return matchingLoss({ pairs, beta }, features, inputs.forward.taps, projections, weighted).loss
}

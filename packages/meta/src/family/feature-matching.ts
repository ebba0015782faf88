import { fill, type Regulariser, type StrategyDefinition, type Tensor } from '@transferkit/tensor'
import { defineRegulariser } from '@transferkit/training'
import { z } from 'zod'
import type { MatchedPair } from '../matching/pairs.js'
import { initProjections, type SourceFeatures } from '../matching/weighted-matching.js'
import { chosenPairs, pairsOption, type PairsOption } from './chosen-pairs.js'
import { matchingPenalty } from './matching-penalty.js'

/** Options of {@link featureMatching}. */
export interface FeatureMatchingOptions extends PairsOption {
  /** `β`, the weight of the sum over pairs, 0.5 unless told, as in Jang et al. */
  readonly beta?: number
}

/** The option that weighs the sum over pairs. @internal */
export const betaOption = z.number().nonnegative().default(0.5).describe('Weight of the sum over pairs.')

/**
 * Feature matching (FitNets): projected target features follow the source's, `β Σ mean (S_m - R(T_n))²` over pairs of taps `(m, n)`.
 *
 * `R` is a trained 1 x 1 convolution with bias, one a pair, dropped after the training. A source map of another size is resized to the target's,
 * bilinearly with half-pixel centres; nothing is done to the target. All channels count alike. `S_m` and `R(T_n)` are `[batch, height, width, channel]`, with the source's
 * channels and the target's height and width; vectors are maps of one position.
 *
 * @throws TransferkitError, from preparing it, `matching/unknown-tap` with the nearest name, `matching/no-pairs`, `matching/repeated-pair`, `matching/not-a-map`,
 * or `matching/constant-source` when a source tap says nothing.
 *
 * @example
 * ```ts
 * import { featureMatching } from '@transferkit/meta'
 * import { compose, scratch } from '@transferkit/training'
 *
 * const strategy = compose(scratch(), featureMatching({ pairs: [{ source: 'stage2', target: 'stage2' }], beta: 0.5 }))
 * ```
 */
export const featureMatching: StrategyDefinition<FeatureMatchingOptions, Regulariser> = defineRegulariser({
  name: 'feature-matching',
  summary: 'Makes projected target features follow those of the source.',
  reference: { citation: 'Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.', url: 'https://arxiv.org/abs/1412.6550' },
  options: z.strictObject({ pairs: pairsOption, beta: betaOption }),
  prepare: (context, structure, { pairs: choice, beta }) => {
    const pairs = chosenPairs({ strategy: 'feature-matching', pairs: choice, context, structure })
    return {
      init: (key) => initProjections(pairs, key),
      penalty: (inputs) => {
        const weights = (_pair: MatchedPair, { pooled }: SourceFeatures): Tensor => fill([1, pooled.shape[1]], 1 / pooled.shape[1])
        return matchingPenalty(inputs, { pairs, beta, projections: inputs.ownParams, weights })
      },
    }
  },
})

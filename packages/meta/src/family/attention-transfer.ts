import { add, multiply, type Regulariser, scalar, type Scalar, type StrategyDefinition, type Tensor, TransferkitError } from '@transferkit/tensor'
import { defineRegulariser } from '@transferkit/training'
import { z } from 'zod'
import { featureMaps } from '../matching/feature-distance.js'
import { attentionDistance } from './attention-map.js'
import { chosenPairs, pairsOption, type PairsOption } from './chosen-pairs.js'

/** Options of {@link attentionTransfer}. */
export interface AttentionTransferOptions extends PairsOption {
  /** `β`, the weight of the sum over pairs, 1000 unless told, the value of Zagoruyko and Komodakis. */
  readonly beta?: number
}

/**
 * Attention transfer: the target looks where the source looks, `β Σ_j mean (Q̂_S^j - Q̂_T^j)²`.
 *
 * `Q̂` is the mean of squares over channels, flattened over positions and divided by its length, so that the two need not have equally many channels; a
 * source map of another size is resized first, bilinearly with half-pixel centres. There are no parameters of its own.
 *
 * @throws TransferkitError, from preparing it, `attention-transfer/one-position` when a target map has no two positions to look at, `matching/unknown-tap` with the nearest name, `matching/no-pairs`, `matching/repeated-pair`, `matching/not-a-map`,
 * or `matching/constant-source` when a source tap says nothing.
 *
 * @example
 * ```ts
 * import { attentionTransfer } from '@transferkit/meta'
 * import { compose, fineTune } from '@transferkit/training'
 *
 * const strategy = compose(fineTune(), attentionTransfer({ pairs: [{ source: 'stage3', target: 'stage3' }] }))
 * ```
 */
export const attentionTransfer: StrategyDefinition<AttentionTransferOptions, Regulariser> = defineRegulariser({
  name: 'attention-transfer',
  summary: 'Makes the target look where the source looks.',
  reference: { citation: 'Zagoruyko and Komodakis, Paying More Attention to Attention, ICLR 2017.', url: 'https://arxiv.org/abs/1612.03928' },
  options: z.strictObject({ pairs: pairsOption, beta: z.number().nonnegative().default(1000).describe('Weight of the sum over pairs.') }),
  prepare: (context, structure, { pairs: choice, beta }) => {
    const pairs = chosenPairs({ strategy: 'attention-transfer', pairs: choice, context, structure })
    const vector = pairs.find(({ targetShape }) => targetShape.slice(0, -1).every((size) => size === 1))
    if (vector !== undefined) {
      throw new TransferkitError(
        'attention-transfer/one-position',
        `Strategy 'attention-transfer', option 'pairs': the target tap '${vector.target}' has one position only, [${String(vector.targetShape)}], so there is nowhere else to look. Choose a tap in front of the pooling.`,
      )
    }
    return {
      penalty: (inputs) => {
        const [learned, { taps: taught }] = [inputs.forward.taps, inputs.source()]
        const total = pairs.reduce<Scalar>(
          // Both taps were found before the training.
          (sum, { source, target }) => add(sum, attentionDistance(featureMaps(taught[source] as Tensor), featureMaps(learned[target] as Tensor))),
          scalar(0),
        )
        return multiply(total, beta)
      },
    }
  },
})

import { type Forward, multiply, type Regulariser, type StrategyDefinition, type Vectors } from '@transferkit/tensor'
import { defineRegulariser } from '@transferkit/training'
import { z } from 'zod'
import { targetFeatureShapes } from '../matching/feature-shapes.js'
import { featureTap } from './feature-tap.js'
import { type DiscrepancyOptions, maximumMeanDiscrepancy } from './maximum-mean-discrepancy.js'

/** Options of {@link dan}. */
export interface DanOptions extends DiscrepancyOptions {
  /** `λ`, the weight of the term, 1 unless told, as in Long et al. */
  readonly weight?: number
  /** Tap of the target model whose vectors are compared; the last one that gives vectors unless told. */
  readonly tap?: string
}

/**
 * Deep adaptation network: features of the source's and of the target's examples are to be distributed alike, `λ MMD²`, see {@link maximumMeanDiscrepancy}.
 *
 * Both go through the target model in training mode, each batch on its own. It needs source-domain examples, and has no parameters of its own. (Another method called
 * DAN, deep adaptation *modules*, has nothing to do with it.)
 *
 * @throws TransferkitError `dan/no-feature`, from preparing it, when there is no such tap, naming the nearest; `discrepancy/one-example`, in training, when an unbiased
 * estimate has batches of one example.
 *
 * @example
 * ```ts
 * import { dan } from '@transferkit/meta'
 * import { compose, fineTune } from '@transferkit/training'
 *
 * const strategy = compose(fineTune(), dan({ estimate: 'unbiased' }))
 * ```
 */
export const dan: StrategyDefinition<DanOptions, Regulariser> = defineRegulariser({
  name: 'dan',
  summary: 'Makes features of source and target examples alike by their maximum mean discrepancy.',
  reference: { citation: 'Long et al., Learning Transferable Features with Deep Adaptation Networks, ICML 2015.', url: 'https://arxiv.org/abs/1502.02791' },
  usesSourceData: true,
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('Weight of the term.'),
    tap: z.string().optional().describe('Tap whose vectors are compared; the last one that gives vectors unless told.'),
    bandwidths: z.array(z.number().positive()).nonempty().readonly().default([0.5, 1, 2]).describe('Factors on the mean squared distance, one a kernel.'),
    estimate: z.enum(['biased', 'unbiased']).default('biased').describe("Whether examples are compared with themselves too: 'biased' or 'unbiased'."),
  }),
  prepare: (context, structure, { weight, tap: wanted, ...discrepancy }) => {
    const { tap } = featureTap('dan', targetFeatureShapes(structure, context.inputShape), wanted)
    return {
      penalty: (inputs) => {
        // The tap was found among those of the model, and gives one vector an example.
        const feature = ({ taps }: Forward): Vectors => taps[tap] as unknown as Vectors
        return multiply(maximumMeanDiscrepancy(feature(inputs.onSourceData()), feature(inputs.forward), discrepancy), weight)
      },
    }
  },
})

import {
  add,
  branchAt,
  denseLayer,
  fill,
  foldIn,
  identity,
  inference,
  mean,
  multiply,
  negate,
  type Regulariser,
  relu,
  type Scalar,
  sigmoidCrossEntropy,
  type StrategyDefinition,
  tanh,
  type Tensor,
  type TensorTree,
  type Vectors,
  withGradient,
} from '@transferkit/tensor'
import { defineRegulariser } from '@transferkit/training'
import { z } from 'zod'
import { targetFeatureShapes } from '../matching/feature-shapes.js'
import { featureTap } from './feature-tap.js'

/** Options of {@link dann}. */
export interface DannOptions {
  /** Factor on the reversed gradient, from 0; 1 unless told: the schedule of Ganin et al. as it is. */
  readonly weight?: number
  /** Tap of the target model whose vectors the domain classifier sees; the last one that gives vectors unless told. */
  readonly tap?: string
  /** Rectified units of the domain classifier, 100 unless told, our choice; 0 for a linear one. */
  readonly hiddenUnits?: number
}

/** The value as it is, with its gradient turned round and scaled. */
const reversed = (x: Vectors, factor: Tensor): Vectors => withGradient([x], () => identity(x), (gradient) => [multiply(gradient, negate(factor))])

/**
 * Domain-adversarial training: a domain classifier learns to tell source from target examples by a feature, and the model learns to prevent it.
 *
 * The term is `½ (mean BCE(d(f_S), 1) + mean BCE(d(f_T), 0))`; between feature and classifier the gradient is reversed and multiplied by `weight · (2 / (1 + e^(-10 p)) - 1)`,
 * with `p` the share of the training that is done, so that a young classifier is not listened to. The classifier is trained along and dropped afterwards. It needs
 * source-domain examples.
 *
 * @throws TransferkitError `dann/no-feature`, from preparing it, when there is no such tap, naming the nearest.
 *
 * @example
 * ```ts
 * import { dann } from '@transferkit/meta'
 * import { compose, fineTune } from '@transferkit/training'
 *
 * const strategy = compose(fineTune(), dann({ hiddenUnits: 256 }))
 * ```
 */
export const dann: StrategyDefinition<DannOptions, Regulariser> = defineRegulariser({
  name: 'dann',
  summary: 'Makes features of source and target examples alike by fooling a domain classifier.',
  reference: { citation: 'Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016.', url: 'https://arxiv.org/abs/1505.07818' },
  usesSourceData: true,
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('Factor on the reversed gradient.'),
    tap: z.string().optional().describe('Tap whose vectors the domain classifier sees; the last one that gives vectors unless told.'),
    hiddenUnits: z.int().nonnegative().default(100).describe('Rectified units of the domain classifier; 0 for a linear one.'),
  }),
  prepare: (context, structure, { weight, tap: wanted, hiddenUnits }) => {
    const { tap, width } = featureTap('dann', targetFeatureShapes(structure, context.inputShape), wanted)
    const [hidden, output] = [denseLayer({ units: hiddenUnits }), denseLayer({ units: 1 })]

    const domainScores = (ownParams: TensorTree, feature: Vectors): Tensor => {
      const seen = hiddenUnits === 0 ? feature : relu(hidden.apply({ params: branchAt(ownParams, 'hidden'), state: {} }, feature, inference).output)
      return output.apply({ params: branchAt(ownParams, 'output'), state: {} }, seen, inference).output
    }

    return {
      init: (key) => ({
        ...(hiddenUnits === 0 ? {} : { hidden: hidden.init(foldIn(key, 'hidden'), [1, width]).params }),
        output: output.init(foldIn(key, 'output'), [1, hiddenUnits === 0 ? width : hiddenUnits]).params,
      }),
      penalty: (inputs) => {
        // 2 / (1 + e^(-10 p)) - 1 is the hyperbolic tangent of 5 p.
        const factor = multiply(tanh(multiply(inputs.progress, 5)), weight)
        const told = (taps: Readonly<Record<string, Tensor>>, domain: 0 | 1): Scalar => {
          // The tap was found among those of the model, and gives one vector an example.
          const scores = domainScores(inputs.ownParams, reversed(taps[tap] as unknown as Vectors, factor))
          return mean(sigmoidCrossEntropy(scores, fill(scores.shape, domain)))
        }
        return multiply(add(told(inputs.onSourceData().taps, 1), told(inputs.forward.taps, 0)), 0.5)
      },
    }
  },
})

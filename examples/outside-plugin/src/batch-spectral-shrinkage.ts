import { multiply, nearestSpelling, type Regulariser, type Strategy, type StrategyDefinition, tapShapes, type Tensor, TransferkitError, type Vectors } from '@transferkit/tensor'
import { compose, defineRegulariser, defineStrategy, fineTune } from '@transferkit/training'
import { z } from 'zod'
import { smallestSquaredSingularValues } from './smallest-squared-singular-values.js'

const reference = {
  citation: 'Chen, Wang, Fu, Long and Wang, Catastrophic Forgetting Meets Negative Transfer: Batch Spectral Shrinkage for Safe Transfer Learning, NeurIPS 2019.',
}

const penaltyOptions = {
  eta: z.number().nonnegative().default(0.001).describe('Weight of the penalty.'),
  smallest: z.int().positive().default(1).describe('How many of the smallest singular values are shrunk.'),
  tap: z.string().optional().describe('The activation that is looked at, one vector an example; the last one before the head unless told.'),
}

/** Options of {@link batchSpectralShrinkagePenalty}. */
export interface BatchSpectralShrinkagePenaltyOptions {
  /** `η`, the weight of the penalty, 0.001 unless told, as in the paper. */
  readonly eta?: number
  /** `k`, how many of the smallest singular values are shrunk, 1 unless told, as in the paper. */
  readonly smallest?: number
  /** Name of the activation that is looked at; it gives one vector an example. The last one before the head unless told. */
  readonly tap?: string | undefined
}

/** Options of {@link batchSpectralShrinkage}. */
export interface BatchSpectralShrinkageOptions extends BatchSpectralShrinkagePenaltyOptions {
  /** Factor on the learning rate of the new head, 1 unless told; 10 is customary. */
  readonly headLearningRate?: number
}

/** Numbers that an example has at each tap. */
type TapShapes = ReturnType<typeof tapShapes>

const chosenTap = (shapes: TapShapes, asked: string | undefined): string => {
  const names = Object.keys(shapes)
  const name = asked ?? names.at(-1) ?? ''
  const shape = shapes[name]
  if (shape === undefined) {
    const nearest = nearestSpelling(name, names)
    throw new TransferkitError('bss/unknown-tap', `Batch spectral shrinkage: the network has no tap '${name}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its taps are: ${names.join(', ')}.`)
  }
  if (shape.length !== 1) throw new TransferkitError('bss/not-vectors', `Batch spectral shrinkage: an example has the shape [${shape.join(', ')}] at the tap '${name}', but the method needs one vector an example. Choose the tap after the pooling.`)
  return name
}

/**
 * Batch spectral shrinkage: `η Σ_{i=1..k} σ_{-i}²`, the squares of the `k` smallest singular values of a batch of features `F = [f_1 … f_B]ᵀ`, `[batch, channel]`.
 *
 * The paper finds that directions of the source's features with small singular values do not transfer, and that fine-tuning on few examples keeps them all the same: negative
 * transfer. The penalty shrinks them, and leaves the large ones, which carry what transfers. It says nothing of the weights, so it can be put on any structure, beside L2-SP too.
 *
 * The singular vectors are found on the host, so that a step with this term runs op by op on a backend that compiles steps.
 *
 * @throws TransferkitError `bss/unknown-tap` and `bss/not-vectors` from `prepare`, `bss/too-many-singular-values` in a step.
 *
 * @example
 * ```ts
 * import { compose, fineTune, l2SpPenalty } from '@transferkit/training'
 * import { batchSpectralShrinkagePenalty } from 'transferkit-batch-spectral-shrinkage'
 *
 * const strategy = compose(fineTune(), l2SpPenalty(), batchSpectralShrinkagePenalty({ eta: 0.01 }))
 * ```
 */
export const batchSpectralShrinkagePenalty: StrategyDefinition<BatchSpectralShrinkagePenaltyOptions, Regulariser> = defineRegulariser({
  name: 'bss-penalty',
  summary: 'Shrinks the smallest singular values of a batch of features, which do not transfer.',
  reference,
  options: z.strictObject(penaltyOptions),
  prepare: ({ source }, _structure, { eta, smallest, tap }) => {
    const name = chosenTap(tapShapes(source.network), tap)
    return {
      // The shape of the tap was checked above.
      penalty: ({ forward }) => multiply(smallestSquaredSingularValues(forward.taps[name] as Tensor as Vectors, smallest), eta),
    }
  },
})

/**
 * Fine-tuning with batch spectral shrinkage, see {@link batchSpectralShrinkagePenalty}.
 *
 * @example
 * ```ts
 * import { batchSpectralShrinkage } from 'transferkit-batch-spectral-shrinkage'
 *
 * const strategy = batchSpectralShrinkage({ headLearningRate: 10 })
 * ```
 */
export const batchSpectralShrinkage: StrategyDefinition<BatchSpectralShrinkageOptions, Strategy> = defineStrategy({
  name: 'bss',
  summary: 'Fine-tuning that gives up the directions of the features that do not transfer.',
  reference,
  options: z.strictObject({ ...penaltyOptions, headLearningRate: z.number().positive().default(1).describe('Factor on the learning rate of the new head.') }),
  prepare: (context, { headLearningRate, ...penalty }) => compose(fineTune({ headLearningRate }), batchSpectralShrinkagePenalty(penalty)).prepare(context),
})

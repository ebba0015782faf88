import { add, flattenTree, multiply, type Regulariser, scalar, type Scalar, square, type Strategy, type StrategyDefinition, subtract, sum, type Tensor } from '@transferkit/tensor'
import { z } from 'zod'
import { compose } from './compose.js'
import { defineRegulariser, defineStrategy } from './define-strategy.js'
import { fineTune } from './fine-tune.js'
import { headLearningRate, isHead } from './head.js'

const reference = {
  citation: 'Li, Grandvalet and Davoine, Explicit Inductive Bias for Transfer Learning with Convolutional Networks, ICML 2018.',
  url: 'https://arxiv.org/abs/1802.01483',
}

const weights = {
  alpha: z.number().nonnegative().default(0.01).describe('Pull of the transferred weights towards the source.'),
  beta: z.number().nonnegative().default(0.01).describe('Pull of the new head towards 0.'),
}

/** Options of {@link l2SpPenalty}. */
export interface L2SpPenaltyOptions {
  /** `α`, the pull of the transferred weights towards the source; 0.01 unless told, from the range of the paper, 1e-3 to 1e-1. */
  readonly alpha?: number
  /** `β`, the pull of the new head towards 0; 0.01 unless told, as in the paper. */
  readonly beta?: number
}

/** Options of {@link l2Sp}. */
export interface L2SpOptions extends L2SpPenaltyOptions {
  /** Factor on the learning rate of the new head; 1 unless told, our choice, so that one rate holds for all; 10 is customary. */
  readonly headLearningRate?: number
}

/**
 * The L2-SP penalty: `½ α ‖θ_b - θ⁰‖² + ½ β ‖θ_h‖²`, the pull towards the starting point instead of towards 0.
 *
 * `θ_b` are the parameters of the structure that have a counterpart of the same path and shape in the source, `θ⁰` those counterparts, and `θ_h` the head, and
 * what has another shape than in the source. For them the optimiser's own weight decay is off. What a structure adds besides, such as gates or adapters, starts from neither, and is left to the optimiser's
 * decay. Defaults: `β` 0.01 as in the paper, `α` 0.01 from its range.
 *
 * @example
 * ```ts
 * import { compose, fineTune, l2SpPenalty } from '@transferkit/training'
 *
 * const strategy = compose(fineTune(), l2SpPenalty({ alpha: 0.1 }))
 * ```
 */
export const l2SpPenalty: StrategyDefinition<L2SpPenaltyOptions, Regulariser> = defineRegulariser({
  name: 'l2-sp-penalty',
  summary: 'Pulls transferred weights towards the source instead of towards 0.',
  reference,
  options: z.strictObject(weights),
  prepare: ({ source }, _structure, { alpha, beta }) => {
    const starts = new Map(
      flattenTree<Tensor>(source.variables.params)
        .filter(({ path }) => !isHead(path))
        .map(({ path, leaf }) => [path, leaf]),
    )
    const isPulled = (path: string): boolean => isHead(path) || starts.has(path)
    const penaltyOf = (path: string, parameter: Tensor): Scalar => {
      const start = starts.get(path)
      const hasStart = start !== undefined && String(start.shape) === String(parameter.shape)
      return multiply(sum(square(hasStart ? subtract(parameter, start) : parameter)), (hasStart ? alpha : beta) / 2)
    }
    return {
      penalty: ({ params }) =>
        flattenTree<Tensor>(params)
          .filter(({ path }) => isPulled(path))
          .reduce<Scalar>((total, { path, leaf }) => add(total, penaltyOf(path, leaf)), scalar(0)),
      parameterGroup: (path) => (isPulled(path) ? { weightDecay: 0 } : {}),
    }
  },
})

/**
 * Fine-tuning with the L2-SP penalty, see {@link l2SpPenalty}.
 *
 * @example
 * ```ts
 * import { l2Sp } from '@transferkit/training'
 *
 * const strategy = l2Sp({ alpha: 0.1 })
 * ```
 */
export const l2Sp: StrategyDefinition<L2SpOptions, Strategy> = defineStrategy({
  name: 'l2-sp',
  summary: 'Fine-tuning that is pulled towards the source weights instead of towards 0.',
  reference,
  options: z.strictObject({ ...weights, headLearningRate }),
  prepare: (context, { headLearningRate, ...penalty }) => compose(fineTune({ headLearningRate }), l2SpPenalty(penalty)).prepare(context),
})

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
  beta: z.number().nonnegative().default(0.01).describe('Pull of the other weights towards 0.'),
}

/** Options of {@link l2SpPenalty}. */
export interface L2SpPenaltyOptions {
  /** `α`, the pull of the transferred weights towards the source, 0.01 unless told. */
  readonly alpha?: number
  /** `β`, the pull of the other weights towards 0, 0.01 unless told. */
  readonly beta?: number
}

/** Options of {@link l2Sp}. */
export interface L2SpOptions extends L2SpPenaltyOptions {
  /** Factor on the learning rate of the new head, 1 unless told; 10 is customary. */
  readonly headLearningRate?: number
}

/**
 * The L2-SP penalty: `½ α ‖θ_b - θ⁰‖² + ½ β ‖θ_h‖²`, the pull towards the starting point instead of towards 0.
 *
 * `θ_b` are the parameters of the structure that have a counterpart of the same path and shape in the source, `θ⁰` those counterparts, and `θ_h` all other
 * parameters, such as the head. While it is in place the optimiser's own weight decay is off. Defaults: `β` 0.01 as in the paper, `α` 0.01 from its range.
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
    const startOf = (path: string, parameter: Tensor): Tensor | undefined => {
      const start = starts.get(path)
      return start !== undefined && String(start.shape) === String(parameter.shape) ? start : undefined
    }
    return {
      penalty: ({ params }) =>
        flattenTree<Tensor>(params).reduce<Scalar>((total, { path, leaf }) => {
          const start = startOf(path, leaf)
          const squares = sum(square(start === undefined ? leaf : subtract(leaf, start)))
          return add(total, multiply(squares, (start === undefined ? beta : alpha) / 2))
        }, scalar(0)),
      parameterGroup: () => ({ weightDecay: 0 }),
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

import { add, mapTree, multiply, scalar, type Tensor, type TensorTree, zerosLike, zipTrees } from '@transferkit/tensor'
import type { GradientTransform } from './transform.js'

/** Settings of {@link scaleByMomentum}. */
export interface MomentumOptions {
  /** `μ`, how much of the velocity is kept, from 0 to below 1; 0.9 is customary. */
  readonly momentum: number
  /** Whether the update looks ahead, `g + μ v` instead of `v`; false unless told, as in PyTorch. */
  readonly nesterov?: boolean
}

/**
 * Momentum as PyTorch has it: `v ← μ v + g`; the update is `v`, or `g + μ v` with Nesterov's look-ahead. The velocity starts at 0.
 *
 * @param options Momentum and look-ahead.
 * @returns A transform for {@link chain}.
 *
 * @example
 * ```ts
 * import { addDecayedWeights, chain, gradientDescent, scaleByMomentum } from '@transferkit/training'
 *
 * const optimiser = gradientDescent(chain(addDecayedWeights(5e-4), scaleByMomentum({ momentum: 0.9 }))) // as sgd({ momentum: 0.9, weightDecay: 5e-4 })
 * ```
 */
export const scaleByMomentum = ({ momentum, nesterov = false }: MomentumOptions): GradientTransform => ({
  init: (params) => mapTree<TensorTree>(params, (parameter) => zerosLike(parameter)),
  update: (gradients, velocity) => {
    const factor: Tensor = scalar(momentum)
    const after = zipTrees<TensorTree>(gradients, velocity, (gradient, old) => add(multiply(old, factor), gradient))
    return { updates: nesterov ? zipTrees(gradients, after, (gradient, moved) => add(gradient, multiply(moved, factor))) : after, state: after }
  },
})

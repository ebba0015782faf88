import { add, multiply, type TensorTree, zipTrees } from '@transferkit/tensor'
import { scalarsByValue } from './scalars.js'
import { type GradientTransform, stateless } from './transform.js'

/**
 * Adds decayed weights to the updates: `u ← u + λ p`.
 *
 * In front of momentum or Adam this is coupled decay (an L2 penalty, as `weight_decay` of PyTorch's SGD and Adam); behind them it is decoupled
 * decay (AdamW). A parameter group's factor applies; a factor of 0 leaves the update alone.
 *
 * @param weightDecay `λ`, from 0; parameters with a factor of their own have `λ` times that.
 * @returns A transform for {@link chain}.
 *
 * @example
 * ```ts
 * import { addDecayedWeights, chain, gradientDescent, scaleByAdam } from '@transferkit/training'
 *
 * const coupled = gradientDescent(chain(addDecayedWeights(5e-4), scaleByAdam())) // as adam({ weightDecay: 5e-4 })
 * const decoupled = gradientDescent(chain(scaleByAdam(), addDecayedWeights(0.01))) // as adamW()
 * ```
 */
export const addDecayedWeights = (weightDecay: number): GradientTransform =>
  stateless((updates, { params, group }) => {
    const scalarOf = scalarsByValue()
    return zipTrees<TensorTree>(updates, params, (update, parameter, path) => {
      const decay = weightDecay * group(path).weightDecay
      return decay === 0 ? update : add(update, multiply(parameter, scalarOf(decay)))
    })
  })

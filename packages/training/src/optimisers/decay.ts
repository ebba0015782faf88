import { add, multiply, type TensorTree, zipTrees } from '@transferkit/tensor'
import { scalarsByValue } from './scalars.js'
import { type GradientTransform, stateless } from './transform.js'

/**
 * Adds decayed weights to the updates: `u ← u + λ p`.
 *
 * In front of momentum or Adam this is coupled decay (an L2 penalty, as `weight_decay` of PyTorch's SGD and Adam); behind them it is decoupled
 * decay (AdamW). A parameter group's factor applies; a factor of 0 leaves the update alone.
 *
 * @param weightDecay `λ`.
 *
 * @example
 * ```ts
 * import { addDecayedWeights } from '@transferkit/training'
 *
 * const transform = addDecayedWeights(5e-4)
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

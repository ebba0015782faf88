import { add, clip, divide, innerProduct, leavesOf, mapTree, minimum, multiply, sqrt, type Tensor, type TensorTree } from '@transferkit/tensor'
import { type GradientTransform, stateless } from './transform.js'

/**
 * Limits the norm of all updates taken together: `u ← u · min(1, limit / (‖u‖ + 1e-6))`, as `clip_grad_norm_` of PyTorch. Their direction stays.
 *
 * @param limit Largest Euclidean norm, above 0; it is not checked.
 * @returns A transform for {@link chain}, in front of momentum or Adam where gradients are to be clipped.
 *
 * @example
 * ```ts
 * import { chain, clipByGlobalNorm, gradientDescent, scaleByMomentum } from '@transferkit/training'
 *
 * const optimiser = gradientDescent(chain(clipByGlobalNorm(1), scaleByMomentum({ momentum: 0.9 })))
 * ```
 */
export const clipByGlobalNorm = (limit: number): GradientTransform =>
  stateless((updates) => {
    if (leavesOf<Tensor>(updates).length === 0) return updates
    const norm = sqrt(innerProduct(updates, updates))
    const factor: Tensor = minimum(divide(limit, add(norm, 1e-6)), 1)
    return mapTree<TensorTree>(updates, (update) => multiply(update, factor))
  })

/**
 * Limits every element of the updates to the interval from `-limit` to `limit`: `u ← min(max(u, -limit), limit)`, as `clip_grad_value_` of PyTorch.
 *
 * @param limit Largest absolute value, from 0.
 * @returns A transform for {@link chain}.
 *
 * @example
 * ```ts
 * import { chain, clipByValue, gradientDescent, scaleByAdam } from '@transferkit/training'
 *
 * const optimiser = gradientDescent(chain(clipByValue(0.5), scaleByAdam()))
 * ```
 */
export const clipByValue = (limit: number): GradientTransform => stateless((updates) => mapTree<TensorTree>(updates, (update) => clip(update, -limit, limit)))

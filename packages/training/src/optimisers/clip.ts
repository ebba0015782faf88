import { add, clip, divide, innerProduct, leavesOf, mapTree, minimum, multiply, sqrt, type Tensor, type TensorTree } from '@transferkit/tensor'
import { type GradientTransform, stateless } from './transform.js'

/**
 * Limits the norm of all updates taken together: `u ← u · min(1, limit / (‖u‖ + 1e-6))`, as `clip_grad_norm_` of PyTorch.
 *
 * @param limit Largest Euclidean norm.
 *
 * @example
 * ```ts
 * import { clipByGlobalNorm } from '@transferkit/training'
 *
 * const transform = clipByGlobalNorm(1)
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
 * Limits every element of the updates to the interval from `-limit` to `limit`.
 *
 * @param limit Largest absolute value.
 *
 * @example
 * ```ts
 * import { clipByValue } from '@transferkit/training'
 *
 * const transform = clipByValue(0.5)
 * ```
 */
export const clipByValue = (limit: number): GradientTransform => stateless((updates) => mapTree<TensorTree>(updates, (update) => clip(update, -limit, limit)))

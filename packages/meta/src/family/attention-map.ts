import { divide, type Images, maximum, mean, reshape, type Scalar, square, sqrt, subtract, sum, type Tensor } from '@transferkit/tensor'
import { resizedTo } from '../matching/feature-distance.js'

/** Smallest length that a map is divided by: a map of zeros stays one. */
const floor = 1e-12

/**
 * Where a layer looks: `Q = mean over channels of A²`, flattened over positions and divided by its Euclidean length (at least 1e-12).
 *
 * @param maps `A`, `[batch, height, width, channel]`.
 * @returns `[batch, height · width]`, rows of length 1.
 *
 * @example
 * ```ts
 * import { attentionMap } from '@transferkit/meta'
 * import { ones } from '@transferkit/tensor'
 *
 * const attention = attentionMap(ones([2, 4, 4, 16])) // 1/4 everywhere
 * ```
 */
export const attentionMap = (maps: Images): Tensor => {
  const [batch, height, width] = maps.shape
  const attention: Tensor = reshape(mean(square(maps), [3]), [batch, height * width])
  // The floor is under the root, so that the gradient of a map of zeros is 0 and not undefined.
  const length = sqrt(maximum(sum(square(attention), [1]), floor ** 2))
  return divide(attention, reshape(length, [batch, 1]))
}

/**
 * How differently two layers look: the mean over examples and positions of `(Q̂_S - Q̂_T)²`, see {@link attentionMap}. The numbers of channels may differ.
 *
 * @param source Source maps; resized to the size of the target's where they differ.
 * @param target Target maps.
 *
 * @example
 * ```ts
 * import { attentionDistance } from '@transferkit/meta'
 * import { ones } from '@transferkit/tensor'
 *
 * const distance = attentionDistance(ones([2, 8, 8, 16]), ones([2, 4, 4, 32])) // 0
 * ```
 */
export const attentionDistance = (source: Images, target: Images): Scalar => mean(square(subtract(attentionMap(resizedTo(source, target)), attentionMap(target))))

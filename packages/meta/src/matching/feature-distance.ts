import { type Images, mean, multiply, negate, reshape, resizeBilinear, scope, square, subtract, type Tensor, TransferkitError, type Vectors, withGradient } from '@transferkit/tensor'

/**
 * Activations as feature maps: vectors become maps of one position.
 *
 * @param activations `[batch, height, width, channel]`, which stay as they are, or `[batch, channel]`.
 * @returns `[batch, height, width, channel]`, with height and width 1 for vectors.
 * @throws TransferkitError `matching/not-a-map` for any other number of axes.
 *
 * @example
 * ```ts
 * import { featureMaps } from '@transferkit/meta'
 * import { ones } from '@transferkit/tensor'
 *
 * const maps = featureMaps(ones([2, 16])) // [2, 1, 1, 16]
 * ```
 */
export const featureMaps = (activations: Tensor): Images => {
  const [batch = 0, channels = 0] = activations.shape
  // Four axes, in the order of images.
  if (activations.rank === 4) return activations as unknown as Images
  if (activations.rank === 2) return reshape(activations, [batch, 1, 1, channels])
  throw new TransferkitError('matching/not-a-map', `Features are matched as maps [batch, height, width, channel] or vectors [batch, channel], but an activation has the shape [${String(activations.shape)}]. Choose another tap.`)
}

/**
 * Source maps in the size of target maps: bilinear with half-pixel centres, and as they are where the sizes agree. Nothing is ever done to the target.
 *
 * @param source Source maps, `[batch, height, width, channel]`.
 * @param target Target maps, of which only height and width count.
 * @returns `[batch, height, width, channel]` with the source's channels; the source itself where the sizes are equal.
 *
 * @example
 * ```ts
 * import { resizedTo } from '@transferkit/meta'
 * import { ones } from '@transferkit/tensor'
 *
 * const smaller = resizedTo(ones([2, 8, 8, 16]), ones([2, 4, 4, 32])) // [2, 4, 4, 16]
 * ```
 */
export const resizedTo = (source: Images, target: Pick<Images, 'shape'>): Images => {
  const [, height, width] = target.shape
  return source.shape[1] === height && source.shape[2] === width ? source : resizeBilinear(source, height, width)
}

/**
 * How far projected target maps are from source maps, for each example and source channel:
 * `D[b,c] = mean over h, w of (S[b,h,w,c] - P[b,h,w,c])²`, with `P = R(T)`.
 *
 * @param source Source maps `S`; resized to the size of `P` where they differ, see {@link resizedTo}. Stop their gradient where the source is trained.
 * @param projected Target maps with as many channels as the source, see {@link project}.
 * @returns `[batch, channel]`.
 * @throws TransferkitError `matching/channels` when the numbers of channels differ.
 *
 * @example
 * ```ts
 * import { featureDistance } from '@transferkit/meta'
 * import { ones, zeros } from '@transferkit/tensor'
 *
 * const distance = featureDistance(ones([2, 8, 8, 16]), zeros([2, 4, 4, 16])) // ones of [2, 16]
 * ```
 */
export const featureDistance = (source: Images, projected: Images): Vectors => {
  const [expected, found] = [source.shape[3], projected.shape[3]]
  if (expected !== found) throw new TransferkitError('matching/channels', `The source has ${expected} channels and the projected target ${found}. Project the target to the channels of the source.`)
  const [, height, width] = projected.shape
  const maps = resizedTo(source, projected)
  // Maps of this size are what an unroll has most of: neither differences, squares nor means spread over all positions are kept for the backward pass.
  return withGradient(
    [maps, projected],
    () => scope(() => mean(square(subtract(maps, projected)), [1, 2])),
    (gradient, [wantsSource, wantsProjected]) => {
      const factor: Tensor = reshape(multiply(gradient, 2 / (height * width)), [projected.shape[0], 1, 1, found])
      // Plain tensors, because the factor broadcasts to maps of any size.
      const slope: Tensor = multiply(subtract(projected as Tensor, maps as Tensor), factor)
      return [wantsSource === true ? negate(slope) : undefined, wantsProjected === true ? slope : undefined]
    },
  )
}

import { globalAveragePool, type Images, reshape, type Tensor } from '@transferkit/tensor'

/**
 * The mean of every channel over all positions of images; vectors stay as they are, because they have one position.
 *
 * @param x Images `[batch, height, width, channel]`, or vectors `[batch, channel]`.
 * @returns Vectors `[batch, channel]`.
 *
 * @example
 * ```ts
 * import { meanOverPositions } from '@transferkit/gates'
 * import { ones } from '@transferkit/tensor'
 *
 * const feature = meanOverPositions(ones([2, 8, 8, 16])) // [2, 16]
 * ```
 */
export const meanOverPositions = (x: Tensor): Tensor =>
  // Four axes are those of images.
  x.rank === 4 ? globalAveragePool(x as Images) : x

/**
 * One number an example and channel in the shape that applies to all positions of an activation.
 *
 * @param vectors `[batch, channel]`.
 * @param activation Images or vectors of the same batch.
 * @internal
 */
export const overPositions = (vectors: Tensor, activation: Tensor): Tensor => (activation.rank === 4 ? reshape(vectors, [-1, 1, 1, vectors.shape.at(-1) ?? 1]) : vectors)

import { matMul, reshape, type Tensor } from '@transferkit/tensor'

/**
 * The same linear map of the last axis at every position, `y[..., o] = Σ_c x[..., c] weight[c, o]`: a dense layer on vectors, a 1×1 convolution on images.
 *
 * @internal
 */
export const mixChannels = (x: Tensor, weight: Tensor): Tensor => {
  const [inputs = 0, outputs = 0] = weight.shape
  const rows: Tensor = x.rank === 2 ? x : reshape(x, [-1, inputs])
  const mixed: Tensor = matMul(rows, weight)
  return x.rank === 2 ? mixed : reshape(mixed, [...x.shape.slice(0, -1), outputs])
}

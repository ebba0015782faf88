import { add, matMul, multiply, softmax, sum, type Tensor, type TensorTree, variable, type Vectors, zeros } from '@transferkit/tensor'

/**
 * Parameters of a what-network, `weight [channels, channels]` and `bias [channels]`: all 0, so that it begins with exactly equal weights.
 *
 * @param channels Channels of the source features.
 *
 * @example
 * ```ts
 * import { initChannelWeights } from '@transferkit/meta'
 *
 * const params = initChannelWeights(16)
 * ```
 */
export const initChannelWeights = (channels: number): TensorTree => ({ weight: zeros([channels, channels]), bias: zeros([channels]) })

/**
 * What to transfer: how much each source channel of each example counts, `w = softmax(a W + b)`.
 *
 * @param params What {@link initChannelWeights} made.
 * @param pooled `a`, the means of the source maps over all positions, `[batch, channel]`.
 * @returns `[batch, channel]`, not negative, each row summing to 1.
 *
 * @example
 * ```ts
 * import { channelWeights, initChannelWeights } from '@transferkit/meta'
 * import { ones } from '@transferkit/tensor'
 *
 * const weights = channelWeights(initChannelWeights(16), ones([2, 16])) // 1/16 everywhere
 * ```
 */
export const channelWeights = (params: TensorTree, pooled: Vectors): Vectors => {
  // As many columns as the pooled features have channels, which `matMul` checks.
  const scores: Tensor = matMul(pooled as Tensor, variable(params, 'weight'))
  // Rows of vectors again.
  return softmax(add(scores, variable(params, 'bias'))) as Vectors
}

/**
 * Distance of each example with its channels weighted, `L[b] = Σ_c w[b,c] D[b,c]`.
 *
 * @param distance `D`, see {@link featureDistance}, `[batch, channel]`.
 * @param weights `w`, one row an example, `[batch, channel]`, or one for all, `[1, channel]`.
 * @returns `[batch]`.
 *
 * @example
 * ```ts
 * import { weightedDistance } from '@transferkit/meta'
 * import { tensor } from '@transferkit/tensor'
 *
 * const losses = weightedDistance(tensor([1, 3], [1, 2]), tensor([0.5, 0.5], [1, 2])) // [2]
 * ```
 */
export const weightedDistance = (distance: Vectors, weights: Tensor): Tensor<readonly ['batch']> =>
  // One sum an example is left.
  sum(multiply(distance as Tensor, weights), [1]) as Tensor<readonly ['batch']>

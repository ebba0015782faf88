import { add, elu, fanInUniform, foldIn, type Key, matMul, multiply, onesLike, relu, relu6, reshape, sigmoid, softplus, sum, tanh, type Tensor, tensor, type TensorTree, variable, type Vectors, zeros } from '@transferkit/tensor'

/**
 * How a pair's weight comes from its score: `relu6` as in the paper; `relu`, `elu + 1`, `2 σ`, `tanh + 1` and `softplus` from the history of the official code;
 * `constant`, `softplus(10 p)` with one number `p` a pair that reads nothing; and `one`, a weight of 1 that is not learned.
 */
export type WhereKind = 'relu6' | 'relu' | 'elu+1' | 'sigmoid2' | 'tanh+1' | 'softplus' | 'constant' | 'one'

const activations: Readonly<Record<Exclude<WhereKind, 'constant' | 'one'>, (score: Tensor) => Tensor>> = {
  relu6,
  relu,
  'elu+1': (score) => add(elu(score), 1),
  sigmoid2: (score) => multiply(sigmoid(score), 2),
  'tanh+1': (score) => add(tanh(score), 1),
  softplus,
}

/**
 * Parameters of a where-network: `weight [channels, 1]`, uniform in ±1/√channels, and `bias [1]`, which starts at 1 as in the official code, so that all pairs count at first.
 * For `constant` it is `value [1]`, 0 at first; for `one` there are none.
 *
 * @param kind How the weight comes from the score.
 * @param key Source of randomness.
 * @param channels Channels of the source features.
 *
 * @example
 * ```ts
 * import { initPairWeight } from '@transferkit/meta'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const params = initPairWeight('relu6', randomKey(1), 16)
 * ```
 */
export const initPairWeight = (kind: WhereKind, key: Key, channels: number): TensorTree => {
  if (kind === 'one') return {}
  if (kind === 'constant') return { value: zeros([1]) }
  return { weight: fanInUniform(foldIn(key, 'weight'), [channels, 1]), bias: tensor([1], [1]) }
}

/**
 * Where to transfer: how much a pair counts for each example, `λ = relu6(a v + c)` or another activation of the score.
 *
 * @param kind How the weight comes from the score.
 * @param params What {@link initPairWeight} made.
 * @param pooled `a`, the means of the source maps over all positions, `[batch, channel]`.
 * @returns `[batch]`, not negative.
 *
 * @example
 * ```ts
 * import { initPairWeight, pairWeight } from '@transferkit/meta'
 * import { ones, randomKey } from '@transferkit/tensor'
 *
 * const weights = pairWeight('relu6', initPairWeight('relu6', randomKey(1), 16), ones([2, 16]))
 * ```
 */
export const pairWeight = (kind: WhereKind, params: TensorTree, pooled: Vectors): Tensor<readonly ['batch']> => {
  const weight = (): Tensor => {
    // One number an example, whatever the features are.
    const ones: Tensor = onesLike(sum(pooled as Tensor, [1]))
    if (kind === 'one') return ones
    if (kind === 'constant') return multiply(ones, softplus(multiply(variable(params, 'value'), 10)))
    // As many rows as the pooled features have channels, which `matMul` checks.
    const score = add(matMul(pooled as Tensor, variable(params, 'weight')), variable(params, 'bias'))
    return activations[kind](reshape(score, [-1]))
  }
  // One axis is left.
  return weight() as Tensor<readonly ['batch']>
}

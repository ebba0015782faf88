import { vectorJacobianProducts } from '../autodiff/grad.js'
import { differentiable, differentiableMany, withoutRecording } from '../autodiff/tape.js'
import { acceleratedKernels } from '../kernels/accelerated.js'
import type { Axes } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernel, runKernels } from '../tensor/upstream.js'
import { add, multiply, subtract } from './arithmetic.js'
import { rsqrt } from './elementwise.js'
import { mean, moments, sum } from './reduction.js'

/** One number a channel. */
export type PerChannel = Tensor<readonly ['channel']>

/** Result of batch normalisation with the statistics of the batch. */
export interface BatchNormalised<A extends Axes> {
  /** The normalised activation. */
  readonly output: Tensor<A>
  /** Mean of each channel over the batch. No gradient flows through it. */
  readonly mean: PerChannel
  /** Biased variance of each channel over the batch. No gradient flows through it. */
  readonly variance: PerChannel
}

/** Epsilon of PyTorch, and of all reference implementations that this project is checked against. */
const defaultEpsilon = 1e-5

/** All axes but the last. */
const outer = (x: Tensor): readonly number[] => x.shape.slice(0, -1).map((_, axis) => axis)

const composed = (x: Tensor, scale: Tensor, offset: Tensor, epsilon: number): readonly [Tensor, Tensor, Tensor] => {
  const { mean: average, variance } = moments(x, outer(x))
  return [add(multiply(subtract(x, average), multiply(rsqrt(add(variance, epsilon)), scale)), offset), average, variance]
}

/** The gradient in closed form: with `x̂ = (x - μ) r`, `∂x = γ r (∂y - mean ∂y - x̂ mean(∂y x̂))`. */
const composedGradient = (outputGradient: Tensor, x: Tensor, scale: Tensor, epsilon: number): readonly [Tensor, Tensor, Tensor] => {
  const axes = outer(x)
  const { mean: average, variance } = moments(x, axes)
  const inverse = rsqrt(add(variance, epsilon))
  const normalised = multiply(subtract(x, average), inverse)
  const weighted = multiply(outputGradient, normalised)
  const centred = subtract(subtract(outputGradient, mean(outputGradient, axes)), multiply(normalised, mean(weighted, axes)))
  return [multiply(centred, multiply(inverse, scale)), sum(weighted, axes), sum(outputGradient, axes)]
}

const gradient = (outputGradient: Tensor, x: Tensor, scale: Tensor, average: Tensor, variance: Tensor, epsilon: number): readonly Tensor[] =>
  differentiableMany(
    [outputGradient, x, scale],
    () =>
      hasKernel(acceleratedKernels.batchNormTrainingGradient)
        ? // The kernel gives three floating-point tensors.
          (runKernels(acceleratedKernels.batchNormTrainingGradient, { outputGradient, input: x, scale, mean: average, variance }, { epsilon }) as readonly Tensor[])
        : withoutRecording(() => composedGradient(outputGradient, x, scale, epsilon)),
    (outerGradients) => vectorJacobianProducts((dy, input, gamma) => composedGradient(dy, input, gamma, epsilon), [outputGradient, x, scale], outerGradients),
  )

/**
 * Batch normalisation with the statistics of the batch: `γ (x - μ) / √(σ² + ε) + β` for each channel.
 *
 * @param x Activations; the last axis is the channel, all others are averaged over.
 * @param scale `γ`, one a channel.
 * @param offset `β`, one a channel.
 * @param epsilon `ε`, 1e-5 unless told (PyTorch's value; the layers of TensorFlow.js use 1e-3).
 *
 * @example
 * ```ts
 * import { batchNormTraining, ones, randomKey, randomNormal, zeros } from '@transferkit/tensor'
 *
 * const { output, mean, variance } = batchNormTraining(randomNormal(randomKey(1), [8, 4]), ones([4]), zeros([4]))
 * ```
 */
export const batchNormTraining = <A extends Axes>(x: Tensor<A>, scale: Tensor, offset: Tensor, epsilon = defaultEpsilon): BatchNormalised<A> => {
  const outputs: readonly Tensor[] = differentiableMany(
    [x, scale, offset],
    () =>
      hasKernel(acceleratedKernels.batchNormTraining)
        ? // The kernel gives three floating-point tensors.
          (runKernels(acceleratedKernels.batchNormTraining, { input: x, scale, offset }, { epsilon }) as readonly Tensor[])
        : withoutRecording(() => composed(x, scale, offset, epsilon)),
    ([outputGradient]) => {
      const [, average, variance] = outputs
      return outputGradient && average && variance ? gradient(outputGradient, x, scale, average, variance, epsilon) : []
    },
  )
  // Normalised in place of `x`, one statistic a channel.
  const [output, average, variance] = outputs as unknown as readonly [Tensor<A>, PerChannel, PerChannel]
  return { output, mean: average, variance }
}

/**
 * Batch normalisation with given statistics, as a trained network does it.
 *
 * @param x Activations; the last axis is the channel.
 * @param scale `γ`, one a channel.
 * @param offset `β`, one a channel.
 * @param mean `μ`, one a channel, usually a running average.
 * @param variance `σ²`, one a channel, usually a running average.
 * @param epsilon `ε`, 1e-5 unless told.
 *
 * @example
 * ```ts
 * import { batchNormInference, ones, zeros } from '@transferkit/tensor'
 *
 * const output = batchNormInference(ones([8, 4]), ones([4]), zeros([4]), zeros([4]), ones([4]))
 * ```
 */
export const batchNormInference = <A extends Axes>(
  x: Tensor<A>,
  scale: Tensor,
  offset: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon = defaultEpsilon,
): Tensor<A> => {
  const form = (input: Tensor, gamma: Tensor, beta: Tensor, mu: Tensor, sigma: Tensor): Tensor => {
    const factor = multiply(rsqrt(add(sigma, epsilon)), gamma)
    return add(multiply(input, factor), subtract(beta, multiply(mu, factor)))
  }
  // Normalised in place of `x`.
  if (!hasKernel(acceleratedKernels.batchNormInference)) return form(x, scale, offset, mean, variance) as unknown as Tensor<A>
  return differentiable(
    [x, scale, offset, mean, variance],
    () => runKernel<A>(acceleratedKernels.batchNormInference, { input: x, scale, offset, mean, variance }, { epsilon }),
    (outputGradient, wanted) => {
      const onlyInput = wanted[0] === true && !wanted.slice(1).includes(true)
      // A frozen layer passes a gradient on by its scale alone.
      if (onlyInput) return [multiply(outputGradient, multiply(rsqrt(add(variance, epsilon)), scale))]
      return vectorJacobianProducts((...inputs) => [form(...inputs)], [x, scale, offset, mean, variance], [outputGradient])
    },
  )
}

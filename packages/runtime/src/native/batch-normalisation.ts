import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { kernel } from '../kernel-arguments.js'
import { flag, float, floatType, text } from './attributes.js'
import type { NativeBackend, OperationAttribute } from './backend.js'
import { release, reshape, withEmpty, withScalar } from './operations.js'

interface Attributes {
  /** Added to the variance. */
  readonly epsilon: number
}

const operationAttributes = ({ binding }: NativeBackend, epsilon: number, training: boolean): readonly OperationAttribute[] => [
  floatType(binding, 'T'),
  floatType(binding, 'U'),
  text(binding, 'data_format', 'NHWC'),
  float(binding, 'epsilon', epsilon),
  flag(binding, 'is_training', training),
]

/** Number of elements of each channel. */
const perChannel = ({ shape }: TensorInfo): number => shape.slice(0, -1).reduce((product, size) => product * size, 1)

/** Runs a function with activations as images, which is all that the operations take. */
const asImages = <T>(backend: NativeBackend, activations: readonly TensorInfo[], run: (images: readonly TensorInfo[]) => T): T => {
  if (activations.every(({ shape }) => shape.length === 4)) return run(activations)
  const images = activations.map((tensor) => reshape(backend, tensor, [perChannel(tensor), 1, 1, tensor.shape.at(-1) ?? 1]))
  try {
    return run(images)
  } finally {
    release(images)
  }
}

/** Brings the first result of an operation on images back to the shape of the activations. */
const likeActivations = (backend: NativeBackend, activations: TensorInfo, [first, ...others]: readonly Tensor[]): Tensor[] => {
  if (first === undefined || activations.shape.length === 4) return first === undefined ? [] : [first, ...others]
  const shaped = reshape(backend, first, activations.shape)
  release([first])
  return [shaped, ...others]
}

/** Runs an operation and keeps the outputs at the given places. */
const fused = (
  backend: NativeBackend,
  operation: string,
  attributes: readonly OperationAttribute[],
  inputs: readonly TensorInfo[],
  outputs: number,
  kept: readonly number[],
): Tensor[] => {
  const results = backend.executeMultipleOutputs(operation, attributes, inputs, outputs)
  release(results.filter((_, index) => !kept.includes(index)))
  return kept.flatMap((index) => results[index] ?? [])
}

const elementwise = (backend: NativeBackend, operation: string, inputs: readonly TensorInfo[]): Tensor =>
  backend.executeSingleOutput(operation, [floatType(backend.binding, 'T')], inputs)

/** A GPU gives the unbiased variance only. */
const withBiasedVariance = (backend: NativeBackend, input: TensorInfo, [output, mean, unbiased]: readonly Tensor[]): Tensor[] => {
  if (output === undefined || mean === undefined || unbiased === undefined) return []
  const n = perChannel(input)
  const variance = withScalar(backend, (n - 1) / n, (factor) => elementwise(backend, 'Mul', [unbiased, factor]))
  release([unbiased])
  return [output, mean, variance]
}

/**
 * Batch normalisation with the statistics of the batch; the variance that it returns is the biased one.
 *
 * TensorFlow's operation gives `output, mean, unbiased variance, mean, reserve`. On a CPU the reserve is the biased variance; on a GPU it is the
 * inverse standard deviation, so there the unbiased variance is scaled by (n - 1) / n, n being the number of elements of a channel. @internal
 */
export const batchNormTraining = kernel<NativeBackend, 'input' | 'scale' | 'offset', Attributes>(({ input, scale, offset }, { epsilon }, backend) => {
  const attributes = operationAttributes(backend, epsilon, true)
  // Without running statistics to update, the operation wants empty ones.
  const normalise = (kept: readonly number[]): Tensor[] =>
    withEmpty(backend, (empty) =>
      asImages(backend, [input], (images) => fused(backend, 'FusedBatchNormV3', attributes, [...images, scale, offset, empty, empty], 6, kept)),
    )
  const results = backend.isUsingGpuDevice ? withBiasedVariance(backend, input, normalise([0, 1, 2])) : normalise([0, 1, 4])
  return likeActivations(backend, input, results)
})

/** A GPU takes the inverse standard deviation where a CPU takes the variance. */
const withSpread = <T>(backend: NativeBackend, variance: TensorInfo, epsilon: number, run: (spread: TensorInfo) => T): T => {
  if (!backend.isUsingGpuDevice) return run(variance)
  const shifted = withScalar(backend, epsilon, (scalar) => elementwise(backend, 'AddV2', [variance, scalar]))
  const inverse = elementwise(backend, 'Rsqrt', [shifted])
  try {
    return run(inverse)
  } finally {
    release([shifted, inverse])
  }
}

/** Gradient of batch normalisation with the statistics of the batch. @internal */
export const batchNormTrainingGradient = kernel<NativeBackend, 'outputGradient' | 'input' | 'scale' | 'mean' | 'variance', Attributes>(
  ({ outputGradient, input, scale, mean, variance }, { epsilon }, backend) => {
    const attributes = operationAttributes(backend, epsilon, true)
    const results = withSpread(backend, variance, epsilon, (spread) =>
      asImages(backend, [outputGradient, input], (images) =>
        // The sixth input serves only an algorithm that is off by default on a GPU; a CPU does not read it.
        fused(backend, 'FusedBatchNormGradV3', attributes, [...images, scale, mean, spread, mean], 5, [0, 1, 2]),
      ),
    )
    return likeActivations(backend, input, results)
  },
)

/** Batch normalisation with given statistics. @internal */
export const batchNormInference = kernel<NativeBackend, 'input' | 'scale' | 'offset' | 'mean' | 'variance', Attributes>(
  ({ input, scale, offset, mean, variance }, { epsilon }, backend) => {
    const attributes = operationAttributes(backend, epsilon, false)
    const results = asImages(backend, [input], (images) =>
      fused(backend, 'FusedBatchNormV3', attributes, [...images, scale, offset, mean, variance], 6, [0]),
    )
    return likeActivations(backend, input, results)
  },
)

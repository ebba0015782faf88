import { scalar as upstreamScalar, tensor as upstreamTensor } from '@tensorflow/tfjs-core'
import { TransferkitError } from '../error.js'
import { acceleratedKernels, type RandomAttributes } from '../kernels/accelerated.js'
import { type Key } from '../random/key.js'
import { normalArray, uniformArray } from '../random/host.js'
import type { Axes, DataType } from '../tensor/axes.js'
import type { Scalar, Shape, Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernel, typed } from '../tensor/upstream.js'
import { explainFailure } from '../tensor/without-backend.js'
import { constant } from './shape.js'

/**
 * Numbers on the host that become a tensor. Bytes become `int32` or `float32`, as asked.
 *
 * A `Float32Array` may be used as it is instead of being copied: do not change it while the tensor lives.
 */
export type HostValues = readonly number[] | Float32Array | Int32Array | Uint8Array

const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1)

const upload = <A extends Axes, D extends DataType>(values: HostValues, shape: Shape, dtype: D): Tensor<A, D> => {
  if (values.length !== sizeOf(shape)) {
    throw new TransferkitError('tensor/size', `A tensor of shape [${String(shape)}] has ${sizeOf(shape)} elements, but ${values.length} values were given.`)
  }
  const data = dtype === 'float32' ? (values instanceof Float32Array ? values : Float32Array.from(values)) : dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values)
  try {
    return typed<A, D>(upstreamTensor(data, [...shape], dtype))
  } catch (error) {
    throw explainFailure(error)
  }
}

/**
 * A tensor of 32-bit floating-point numbers from values on the host.
 *
 * @param values The elements, the last axis first.
 * @param shape Sizes of the axes.
 * @throws TransferkitError `tensor/size` when the number of values is not the product of the sizes.
 *
 * @example
 * ```ts
 * import { tensor } from '@transferkit/tensor'
 *
 * const matrix = tensor([1, 2, 3, 4, 5, 6], [2, 3])
 * ```
 */
export const tensor = <const A extends readonly number[]>(values: HostValues, shape: A): Tensor<A> => upload(values, shape, 'float32')

/**
 * A tensor of 32-bit integers from values on the host.
 *
 * @param values The elements, the last axis first.
 * @param shape Sizes of the axes.
 * @throws TransferkitError `tensor/size` when the number of values is not the product of the sizes.
 *
 * @example
 * ```ts
 * import { integerTensor } from '@transferkit/tensor'
 *
 * const labels = integerTensor([3, 0, 9], [3])
 * ```
 */
export const integerTensor = <const A extends readonly number[]>(values: HostValues, shape: A): Tensor<A, 'int32'> => upload(values, shape, 'int32')

/**
 * A tensor of booleans from zeros and ones on the host.
 *
 * @param values The elements, the last axis first; 0 is false.
 * @param shape Sizes of the axes.
 * @throws TransferkitError `tensor/size` when the number of values is not the product of the sizes.
 *
 * @example
 * ```ts
 * import { booleanTensor } from '@transferkit/tensor'
 *
 * const mask = booleanTensor([1, 0], [2])
 * ```
 */
export const booleanTensor = <const A extends readonly number[]>(values: HostValues, shape: A): Tensor<A, 'bool'> => upload(values, shape, 'bool')

/**
 * One number as a tensor.
 *
 * @param value The number.
 *
 * @example
 * ```ts
 * import { scalar } from '@transferkit/tensor'
 *
 * const learningRate = scalar(0.1)
 * ```
 */
export const scalar = (value: number): Scalar => typed(upstreamScalar(value, 'float32'))

/**
 * A tensor of zeros.
 *
 * @param shape Sizes of the axes.
 *
 * @example
 * ```ts
 * import { zeros } from '@transferkit/tensor'
 *
 * const bias = zeros([10])
 * ```
 */
export const zeros = <const A extends readonly number[]>(shape: A): Tensor<A> => fill(shape, 0)

/**
 * A tensor of ones.
 *
 * @param shape Sizes of the axes.
 *
 * @example
 * ```ts
 * import { ones } from '@transferkit/tensor'
 *
 * const scale = ones([64])
 * ```
 */
export const ones = <const A extends readonly number[]>(shape: A): Tensor<A> => fill(shape, 1)

/**
 * A tensor of one repeated number.
 *
 * @param shape Sizes of the axes.
 * @param value The number.
 *
 * @example
 * ```ts
 * import { fill } from '@transferkit/tensor'
 *
 * const openGate = fill([64], 2)
 * ```
 */
export const fill = <const A extends readonly number[]>(shape: A, value: number): Tensor<A> =>
  // `constant` makes a tensor of this shape.
  constant(shape, value) as unknown as Tensor<A>

/**
 * Zeros in the shape of another tensor.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { tensor, zerosLike } from '@transferkit/tensor'
 *
 * const momentum = zerosLike(tensor([1, 2], [2]))
 * ```
 */
export const zerosLike = <A extends Axes>(x: Tensor<A, DataType>): Tensor<A> =>
  // Made in the shape of `x`.
  constant(x.shape, 0) as unknown as Tensor<A>

/**
 * Ones in the shape of another tensor.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { onesLike, tensor } from '@transferkit/tensor'
 *
 * const seed = onesLike(tensor([1, 2], [2]))
 * ```
 */
export const onesLike = <A extends Axes>(x: Tensor<A, DataType>): Tensor<A> =>
  // Made in the shape of `x`.
  constant(x.shape, 1) as unknown as Tensor<A>

/**
 * The identity matrix.
 *
 * @param size Number of rows, and of columns.
 *
 * @example
 * ```ts
 * import { identityMatrix } from '@transferkit/tensor'
 *
 * const weight = identityMatrix(64)
 * ```
 */
export const identityMatrix = (size: number): Tensor<readonly [number, number]> => {
  const values = new Float32Array(size * size)
  for (let index = 0; index < size; index++) values[index * (size + 1)] = 1
  return upload(values, [size, size], 'float32')
}

/** Random numbers that `draw` makes of a key, through the backend's kernel where it has one, so that it can draw them again for another key. @internal */
export const drawn = <A extends Axes>(key: Key, shape: Shape, draw: (key: Key) => Float32Array): Tensor<A> => {
  const attributes: RandomAttributes = { key, shape, draw }
  return hasKernel(acceleratedKernels.random) ? runKernel<A>(acceleratedKernels.random, {}, attributes) : upload(draw(key), shape, 'float32')
}

/**
 * Uniform random numbers.
 *
 * @param key Source of randomness.
 * @param shape Sizes of the axes.
 * @param minimum Smallest possible number, 0 unless told.
 * @param maximum Upper bound, 1 unless told; only rounding to 32 bits can reach it.
 *
 * @example
 * ```ts
 * import { randomKey, randomUniform } from '@transferkit/tensor'
 *
 * const weight = randomUniform(randomKey(1), [3, 4], -0.5, 0.5)
 * ```
 */
export const randomUniform = <const A extends readonly number[]>(key: Key, shape: A, minimum = 0, maximum = 1): Tensor<A> =>
  drawn(key, shape, (from) => uniformArray(from, sizeOf(shape), minimum, maximum))

/**
 * Normally distributed random numbers.
 *
 * @param key Source of randomness.
 * @param shape Sizes of the axes.
 * @param mean Mean of the distribution, 0 unless told.
 * @param standardDeviation Standard deviation, 1 unless told.
 *
 * @example
 * ```ts
 * import { randomKey, randomNormal } from '@transferkit/tensor'
 *
 * const filter = randomNormal(randomKey(1), [3, 3, 16, 32], 0, 0.1)
 * ```
 */
export const randomNormal = <const A extends readonly number[]>(key: Key, shape: A, mean = 0, standardDeviation = 1): Tensor<A> =>
  drawn(key, shape, (from) => normalArray(from, sizeOf(shape), mean, standardDeviation))


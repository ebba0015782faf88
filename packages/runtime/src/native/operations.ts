import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { floatType, integers, integerType, text } from './attributes.js'
import type { NativeBackend } from './backend.js'

/**
 * Frees the results of operations that are not results of the kernel.
 *
 * Upstream's backend counts each result of an operation as a tensor, so that a kernel has to dispose of them as such. @internal
 */
export const release = (tensors: readonly Tensor[]): void => {
  for (const tensor of tensors) tensor.dispose()
}

/** A tensor from values on the host. @internal */
export const upload = (backend: NativeBackend, values: Int32Array | Float32Array, shape: readonly number[]): TensorInfo => {
  const dtype = values instanceof Int32Array ? 'int32' : 'float32'
  return { dataId: backend.write(values, [...shape], dtype), shape: [...shape], dtype }
}

const withValues = <T>(backend: NativeBackend, values: Int32Array | Float32Array, shape: readonly number[], run: (tensor: TensorInfo) => T): T => {
  const tensor = upload(backend, values, shape)
  try {
    return run(tensor)
  } finally {
    backend.disposeData(tensor.dataId)
  }
}

/** Runs a function with a shape as a tensor. @internal */
export const withShape = <T>(backend: NativeBackend, shape: readonly number[], run: (shape: TensorInfo) => T): T =>
  withValues(backend, Int32Array.from(shape), [shape.length], run)

/** Runs a function with a number as a tensor. @internal */
export const withScalar = <T>(backend: NativeBackend, value: number, run: (scalar: TensorInfo) => T): T =>
  withValues(backend, Float32Array.of(value), [], run)

/** Runs a function with a whole number as a tensor. @internal */
export const withInteger = <T>(backend: NativeBackend, value: number, run: (scalar: TensorInfo) => T): T =>
  withValues(backend, Int32Array.of(value), [], run)

/** Runs a function with a tensor of no elements. @internal */
export const withEmpty = <T>(backend: NativeBackend, run: (empty: TensorInfo) => T): T => withValues(backend, new Float32Array(0), [0], run)

/** Runs a function with a tensor that may be left out: our operations take an empty list instead. @internal */
export const withOptional = <T>(backend: NativeBackend, tensor: TensorInfo | undefined, run: (tensor: TensorInfo) => T): T => (tensor === undefined ? withEmpty(backend, run) : run(tensor))

/** The same values in another shape; no data is copied. @internal */
export const reshape = (backend: NativeBackend, tensor: TensorInfo, shape: readonly number[]): Tensor =>
  withShape(backend, shape, (target) =>
    backend.executeSingleOutput(
      'Reshape',
      [floatType(backend.binding, 'T'), integerType(backend.binding, 'Tshape')],
      [tensor, target],
    ),
  )

/** The tensor with zeros around it. @internal */
export const pad = (backend: NativeBackend, tensor: TensorInfo, borders: readonly (readonly [number, number])[]): Tensor =>
  withValues(backend, Int32Array.from(borders.flat()), [borders.length, 2], (paddings) =>
    backend.executeSingleOutput(
      'Pad',
      [floatType(backend.binding, 'T'), integerType(backend.binding, 'Tpaddings')],
      [tensor, paddings],
    ),
  )

/** A block of the tensor. @internal */
export const slice = (backend: NativeBackend, tensor: TensorInfo, begin: readonly number[], size: readonly number[]): Tensor =>
  withShape(backend, begin, (first) =>
    withShape(backend, size, (count) =>
      backend.executeSingleOutput(
        'Slice',
        [floatType(backend.binding, 'T'), integerType(backend.binding, 'Index')],
        [tensor, first, count],
      ),
    ),
  )

/** Every so many rows and columns of images: means of windows of one pixel. @internal */
export const everyNth = (backend: NativeBackend, images: TensorInfo, strides: readonly [number, number]): Tensor =>
  backend.executeSingleOutput(
    'AvgPool',
    [
      floatType(backend.binding, 'T'),
      integers(backend.binding, 'ksize', [1, 1, 1, 1]),
      integers(backend.binding, 'strides', [1, ...strides, 1]),
      text(backend.binding, 'padding', 'VALID'),
      text(backend.binding, 'data_format', 'NHWC'),
    ],
    [images],
  )

import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { DropoutMaskAttributes, Key, RandomAttributes, Shape } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import { float, integer, integers } from './attributes.js'
import type { NativeBackend } from './backend.js'
import { upload } from './operations.js'

/** Uploads what the host computes from a key; while a function is recorded, it becomes an input of the graph that is computed anew from each key. */
const uploaded = (backend: NativeBackend, key: Key, shape: Shape, compute: (key: Key) => Float32Array | Int32Array): TensorInfo =>
  backend.computeFromKey?.(key, shape, compute) ?? upload(backend, compute(key), shape)

/** Random numbers that are drawn on the host. @internal */
export const random = kernel<NativeBackend, never, RandomAttributes>((_, { key, shape, draw }, backend) => uploaded(backend, key, shape, draw))

/** Factors of dropout, from the stream of numbers of the host: made by our own operation where there is one, which needs only the two words of the key. @internal */
export const dropoutMask = kernel<NativeBackend, never, DropoutMaskAttributes>((_, { key, shape, draw, rate }, backend) => {
  const { binding, isUsingGpuDevice } = backend
  if (binding.hasDropoutMask !== true || isUsingGpuDevice) return uploaded(backend, key, shape, draw)
  const words = uploaded(backend, key, [2], ({ high, low }) => Int32Array.of(high, low))
  const attributes = [
    integers(binding, 'shape', shape),
    // The host compares numbers of 24 bits, in units of their last one, with the rate.
    integer(binding, 'threshold', Math.ceil(rate * 2 ** 24)),
    float(binding, 'kept', 1 / (1 - rate)),
  ]
  try {
    return backend.executeSingleOutput('TransferkitDropoutMask', attributes, [words])
  } finally {
    backend.disposeData(words.dataId)
  }
})

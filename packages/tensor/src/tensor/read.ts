import type { DataType } from './axes.js'
import type { AnyTensor, Tensor } from './tensor.js'
import type { Axes } from './axes.js'
import { upstream } from './upstream.js'

/** Elements on the host: floating-point numbers, integers, or zeros and ones for booleans. */
export type HostElements<D extends DataType> = D extends 'float32' ? Float32Array : D extends 'int32' ? Int32Array : D extends 'bool' ? Uint8Array : Float32Array | Int32Array | Uint8Array

/**
 * Copies a tensor to the host and waits for it.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { readSync, tensor } from '@transferkit/tensor'
 *
 * const values = readSync(tensor([1, 2], [2])) // Float32Array [1, 2]
 * ```
 */
export const readSync = <D extends DataType>(x: Tensor<Axes, D>): HostElements<D> =>
  // Upstream types the array by element type in the same way.
  upstream(x).dataSync() as HostElements<D>

/**
 * Copies a tensor to the host without blocking, for backends that compute elsewhere.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { read, tensor } from '@transferkit/tensor'
 *
 * const values = await read(tensor([1, 2], [2]))
 * ```
 */
export const read = async <D extends DataType>(x: Tensor<Axes, D>): Promise<HostElements<D>> =>
  // As readSync.
  (await upstream(x).data()) as HostElements<D>

/**
 * The number in a tensor of one element.
 *
 * @param x A tensor of one element.
 *
 * @example
 * ```ts
 * import { item, scalar } from '@transferkit/tensor'
 *
 * item(scalar(2)) // 2
 * ```
 */
export const item = (x: AnyTensor): number => readSync<DataType>(x)[0] ?? Number.NaN

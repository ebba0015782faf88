import type { DataType } from './axes.js'
import type { AnyTensor, Tensor } from './tensor.js'
import type { Axes } from './axes.js'
import { upstream } from './upstream.js'

/** Elements on the host: floating-point numbers, integers, or zeros and ones for booleans. */
export type HostElements<D extends DataType> = D extends 'float32' ? Float32Array : D extends 'int32' ? Int32Array : D extends 'bool' ? Uint8Array : Float32Array | Int32Array | Uint8Array

/** A tensor that was cast may still lie in memory of its old type on some backends. */
const asElements = <D extends DataType>(values: HostElements<DataType>, dtype: D): HostElements<D> => {
  const elements =
    dtype === 'float32'
      ? values instanceof Float32Array ? values : Float32Array.from(values)
      : dtype === 'int32'
        ? values instanceof Int32Array ? values : Int32Array.from(values)
        : values instanceof Uint8Array ? values : Uint8Array.from(values)
  // Chosen by the element type, as the type is.
  return elements as HostElements<D>
}

/**
 * Elements of a tensor on the host, waiting for them. Do not change the array: some backends hand out their own memory.
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
  asElements(upstream(x).dataSync(), x.dtype)

/**
 * Elements of a tensor on the host, without blocking, for backends that compute elsewhere. Do not change the array, as for {@link readSync}.
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
  asElements(await upstream(x).data(), x.dtype)

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

import type { DataType, OneHotAttrs, TensorInfo, TypedArray } from '@tensorflow/tfjs-core'
import { kernel } from '../kernel-arguments.js'

/** The parts of upstream's WebAssembly backend that are used. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo
  /** The elements of a tensor where they lie; valid until the next tensor is made. */
  typedArrayFromHeap(tensor: TensorInfo): TypedArray
}

/** Conversion between element types. Upstream's gives 2 and 255 for the booleans of 2 and -1. @internal */
export const cast = kernel<WasmBackend, 'x', { readonly dtype: DataType }>(({ x }, { dtype }, backend) => {
  const output = backend.makeOutput(x.shape, dtype)
  const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(output)]
  if (dtype === 'bool') for (let index = 0; index < from.length; index++) to[index] = from[index] === 0 ? 0 : 1
  else to.set(from)
  return output
})

/** One-hot encoding. Upstream's writes integers into the memory of floating-point numbers. @internal */
export const oneHot = kernel<WasmBackend, 'indices', OneHotAttrs>(({ indices }, { dtype, depth, onValue, offValue }, backend) => {
  const output = backend.makeOutput([...indices.shape, depth], dtype)
  const [positions, elements] = [backend.typedArrayFromHeap(indices), backend.typedArrayFromHeap(output)]
  elements.fill(offValue)
  for (const [index, position] of positions.entries()) if (position >= 0 && position < depth) elements[index * depth + position] = onValue
  return output
})

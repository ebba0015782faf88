import { TransferkitError } from '@transferkit/tensor'

/** Element types of the format: floats, integers with and without sign, and booleans, by their number of bits. */
export type SafetensorsType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U64' | 'U32' | 'U16' | 'U8' | 'BOOL'

/** Bytes of one element, by element type. @internal */
export const elementSizes: Readonly<Record<SafetensorsType, number>> = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 }

/** One named tensor of a file. */
export interface SafetensorsEntry {
  /** Name, for trees of tensors the dotted path. */
  readonly name: string
  /** Element type. */
  readonly dtype: SafetensorsType
  /** Sizes of the axes, outermost first; empty for a single number. */
  readonly shape: readonly number[]
  /** The elements in little-endian order, the last axis first. */
  readonly data: Uint8Array
}

/** Whether this machine stores numbers as the file does. All that run JavaScript today do, but the language does not promise it. */
const isLittleEndian = (): boolean => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The elements of a half-precision number, `s eeeee ffffffffff`. */
const fromHalf = (bits: number): number => {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff]
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : exponent === 0x1f ? (fraction === 0 ? Infinity : Number.NaN) : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return bits & 0x8000 ? -magnitude : magnitude
}

const fromBrainFloat = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits << 16)
  return view.getFloat32(0)
}

/** Reads one element, by element type; 64-bit integers lose what a double cannot hold. */
const readers: Readonly<Record<SafetensorsType, (view: DataView, offset: number) => number>> = {
  F64: (view, offset) => view.getFloat64(offset, true),
  I64: (view, offset) => Number(view.getBigInt64(offset, true)),
  U64: (view, offset) => Number(view.getBigUint64(offset, true)),
  F32: (view, offset) => view.getFloat32(offset, true),
  I32: (view, offset) => view.getInt32(offset, true),
  U32: (view, offset) => view.getUint32(offset, true),
  F16: (view, offset) => fromHalf(view.getUint16(offset, true)),
  BF16: (view, offset) => fromBrainFloat(view.getUint16(offset, true)),
  I16: (view, offset) => view.getInt16(offset, true),
  U16: (view, offset) => view.getUint16(offset, true),
  I8: (view, offset) => view.getInt8(offset),
  U8: (view, offset) => view.getUint8(offset),
  BOOL: (view, offset) => view.getUint8(offset),
}

/**
 * The elements of an entry as 32-bit floats; half and brain floats are widened, doubles and integers rounded.
 *
 * @param entry An entry of any element type.
 *
 * @example
 * ```ts
 * import { floatsOf } from '@transferkit/training'
 *
 * floatsOf({ name: 'bias', dtype: 'U8', shape: [2], data: new Uint8Array([1, 2]) }) // Float32Array [1, 2]
 * ```
 */
export const floatsOf = ({ dtype, data }: SafetensorsEntry): Float32Array => {
  // Weights are millions of these; a copy also begins where floats may begin in memory.
  if (dtype === 'F32' && isLittleEndian()) return new Float32Array(new Uint8Array(data).buffer)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const size = elementSizes[dtype]
  return Float32Array.from({ length: data.byteLength / size }, (_, index) => readers[dtype](view, index * size))
}

/**
 * An entry of 32-bit floats.
 *
 * @param name Name of the tensor.
 * @param shape Sizes of the axes.
 * @param values The elements, the last axis first.
 * @throws TransferkitError `safetensors/size` when the number of elements is not the product of the sizes.
 *
 * @example
 * ```ts
 * import { floatEntry } from '@transferkit/training'
 *
 * const entry = floatEntry('head.bias', [2], [0.5, -0.5])
 * ```
 */
export const floatEntry = (name: string, shape: readonly number[], values: ArrayLike<number>): SafetensorsEntry => {
  const count = shape.reduce((product, size) => product * size, 1)
  if (values.length !== count) throw new TransferkitError('safetensors/size', `Tensor '${name}' of shape [${shape.join(', ')}] has ${count} elements, but ${values.length} are given.`)
  const data = new Uint8Array(Float32Array.from(values).buffer)
  if (!isLittleEndian()) for (let offset = 0; offset < data.length; offset += 4) data.subarray(offset, offset + 4).reverse()
  return { name, dtype: 'F32', shape: [...shape], data }
}

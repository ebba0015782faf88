import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, type ReaderOptions, resolveReaderOptions } from '../bytes/byte-source.js'
import { byteCursor } from '../bytes/cursor.js'
import { elementCountOf } from '../bytes/element-count.js'
import { swapByteOrder } from '../bytes/little-endian.js'
import type { NumericArray, NumericData } from './numeric-array.js'

interface NpyType {
  readonly bytes: number
  readonly view: (buffer: ArrayBuffer) => NumericData
}

const npyTypes: Readonly<Record<string, NpyType>> = {
  b1: { bytes: 1, view: (buffer) => new Uint8Array(buffer) },
  u1: { bytes: 1, view: (buffer) => new Uint8Array(buffer) },
  i1: { bytes: 1, view: (buffer) => new Int8Array(buffer) },
  u2: { bytes: 2, view: (buffer) => new Uint16Array(buffer) },
  i2: { bytes: 2, view: (buffer) => new Int16Array(buffer) },
  u4: { bytes: 4, view: (buffer) => new Uint32Array(buffer) },
  i4: { bytes: 4, view: (buffer) => new Int32Array(buffer) },
  u8: { bytes: 8, view: (buffer) => new BigUint64Array(buffer) },
  i8: { bytes: 8, view: (buffer) => new BigInt64Array(buffer) },
  f2: { bytes: 2, view: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToNumber) },
  f4: { bytes: 4, view: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, view: (buffer) => new Float64Array(buffer) },
}

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)
const headerPattern =
  /^\{\s*'descr'\s*:\s*'([<>|=])([a-zA-Z]\d+)'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,\s*'shape'\s*:\s*\(([\d,\s]*)\)\s*,?\s*\}\s*$/

/**
 * Reads a NumPy `.npy` file: numbers of 1 to 8 bytes, in either byte order, row-major or column-major (turned to row-major).
 *
 * Half precision becomes `Float32Array`, truth values become bytes of 0 and 1, 64-bit integers become big integers.
 *
 * @param source The bytes of the file.
 * @param options Name of the file for messages, and the most memory to use.
 * @throws TransferkitError `data/wrong-format` when it is no `.npy` file, `data/bad-header` when its header cannot be understood or its numbers are of
 * another kind (objects, text, complex numbers), `data/too-large`, `data/truncated` or `data/trailing-bytes` when the size is not what the header says.
 *
 * @example
 * ```ts
 * import { readNpy } from '@transferkit/datasets'
 *
 * const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"
 * const file = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0, ...new TextEncoder().encode(header), 5, 6)
 * const { data, shape } = await readNpy(file) // data 5, 6; shape [2]
 * ```
 */
export const readNpy = async (source: ByteSource, options: ReaderOptions = {}): Promise<NumericArray> => {
  const resolved = resolveReaderOptions(options)
  const { name } = resolved
  const cursor = byteCursor(source, resolved)
  try {
    const start = await cursor.take(8, 'the magic number of .npy')
    const version = start[6] ?? 0
    if (!magic.every((byte, index) => start[index] === byte) || version < 1 || version > 3) {
      throw new TransferkitError('data/wrong-format', `${name}: not a .npy file of version 1 to 3: it does not start with the bytes 93 4e 55 4d 50 59 and a version.`)
    }
    const lengthField = new DataView((await cursor.take(version === 1 ? 2 : 4, 'the length of the .npy header')).buffer)
    const length = version === 1 ? lengthField.getUint16(0, true) : lengthField.getUint32(0, true)
    if (length > 65536) throw badHeader(name, `a header of ${length} bytes, where a few hundred are usual`)
    const header = new TextDecoder().decode(await cursor.take(length, 'the .npy header'))
    const match = headerPattern.exec(header)
    if (match === null) throw badHeader(name, JSON.stringify(header.trim().slice(0, 200)))
    const [, order = '', code = '', fortran = '', sizes = ''] = match
    const type = npyTypes[code]
    if (type === undefined) throw badHeader(name, `elements of the type '${order}${code}'`)
    const exactShape = sizes
      .split(',')
      .map((size) => size.trim())
      .filter((size) => size !== '')
      .map((size) => (/^\d+$/.test(size) ? BigInt(size) : -1n))
    if (exactShape.length > 32) throw badHeader(name, `${exactShape.length} axes, where at most 32 are permitted`)
    const count = elementCountOf(exactShape, type.bytes, resolved)
    const shape = exactShape.map(Number)
    const bytes = await cursor.take(count * type.bytes, `the numbers of shape (${shape.join(', ')}) that the header claims`)
    await cursor.expectEnd(`the numbers of shape (${shape.join(', ')}) that the header claims`)
    if (order === '>') swapByteOrder(bytes, type.bytes)
    const rowMajor = fortran === 'True' && shape.length > 1 ? rowMajorOf(bytes, shape, type.bytes) : bytes
    return { data: type.view(rowMajor.buffer), shape }
  } finally {
    await cursor.close()
  }
}

const badHeader = (name: string, found: string): TransferkitError =>
  new TransferkitError(
    'data/bad-header',
    `${name}: the .npy header has ${found}. Expected is a dictionary of 'descr' (a plain number type such as '<f4'), 'fortran_order' and 'shape', in this order.`,
  )

const rowMajorOf = (bytes: Uint8Array, shape: readonly number[], bytesPerElement: number): Uint8Array<ArrayBuffer> => {
  const result = new Uint8Array(bytes.length)
  const position = shape.map(() => 0)
  const count = bytes.length / bytesPerElement
  for (let source = 0; source < count; source++) {
    let target = 0
    shape.forEach((size, axis) => (target = target * size + (position[axis] ?? 0)))
    result.set(bytes.subarray(source * bytesPerElement, (source + 1) * bytesPerElement), target * bytesPerElement)
    for (let axis = 0; axis < shape.length; axis++) {
      const next = (position[axis] ?? 0) + 1
      if (next < (shape[axis] ?? 0)) {
        position[axis] = next
        break
      }
      position[axis] = 0
    }
  }
  return result
}

const halfToNumber = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, type ReaderOptions, resolveReaderOptions } from '../bytes/byte-source.js'
import { byteCursor } from '../bytes/cursor.js'
import { decompressed } from '../bytes/decompress.js'
import { elementCountOf } from '../bytes/element-count.js'
import { swapByteOrder } from '../bytes/little-endian.js'
import type { NumericArray, NumericData } from './numeric-array.js'

interface IdxType {
  readonly bytes: number
  readonly view: (buffer: ArrayBuffer) => NumericData
}

const idxTypes: Readonly<Record<number, IdxType>> = {
  0x08: { bytes: 1, view: (buffer) => new Uint8Array(buffer) },
  0x09: { bytes: 1, view: (buffer) => new Int8Array(buffer) },
  0x0b: { bytes: 2, view: (buffer) => new Int16Array(buffer) },
  0x0c: { bytes: 4, view: (buffer) => new Int32Array(buffer) },
  0x0d: { bytes: 4, view: (buffer) => new Float32Array(buffer) },
  0x0e: { bytes: 8, view: (buffer) => new Float64Array(buffer) },
}

/**
 * Reads an IDX file, the format of MNIST, compressed by gzip or not.
 *
 * The header is two zero bytes, a type, the number of axes and one big-endian 32-bit size an axis; the numbers follow, big-endian, last axis fastest.
 *
 * @param source The bytes of the file.
 * @param options Name of the file for messages, and the most memory to use.
 * @throws TransferkitError `data/wrong-format` when it is no IDX file, `data/bad-header` when its sizes cannot be, `data/too-large` when the header claims more than `maximumBytes`,
 * `data/truncated` or `data/trailing-bytes` when the size of the file is not what the header says, `data/corrupt-gzip` when it cannot be decompressed.
 *
 * @example
 * ```ts
 * import { readIdx } from '@transferkit/datasets'
 *
 * const file = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9)
 * const { data, shape } = await readIdx(file, { name: 'labels' }) // data 7, 8, 9; shape [3]
 * ```
 */
export const readIdx = async (source: ByteSource, options: ReaderOptions = {}): Promise<NumericArray> => {
  const resolved = resolveReaderOptions(options)
  const { name } = resolved
  const cursor = byteCursor(decompressed(source, { name }), resolved)
  try {
    const magic = await cursor.take(4, 'the magic number of IDX')
    const type = idxTypes[magic[2] ?? 0]
    const axes = magic[3] ?? 0
    if (magic[0] !== 0 || magic[1] !== 0 || type === undefined || axes === 0) {
      throw new TransferkitError(
        'data/wrong-format',
        `${name}: not an IDX file: it starts with the bytes ${hexOf(magic)}, and 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and a number of axes were expected.`,
      )
    }
    const sizes = new DataView((await cursor.take(4 * axes, 'the sizes in the IDX header')).buffer)
    const shape = Array.from({ length: axes }, (_, axis) => sizes.getUint32(4 * axis))
    const count = elementCountOf(shape.map(BigInt), type.bytes, resolved)
    const bytes = await cursor.take(count * type.bytes, `the ${shape.join(' x ')} numbers that the header claims`)
    await cursor.expectEnd(`the ${shape.join(' x ')} numbers that the header claims`)
    if (type.bytes > 1) swapByteOrder(bytes, type.bytes)
    return { data: type.view(bytes.buffer), shape }
  } finally {
    await cursor.close()
  }
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')

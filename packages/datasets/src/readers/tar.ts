import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, resolveReaderOptions } from '../bytes/byte-source.js'
import { byteCursor } from '../bytes/cursor.js'
import { decompressed } from '../bytes/decompress.js'
import { type ArchiveEntry, type ArchiveReaderOptions, checkEntryPath } from './archive-entry.js'

// Kept readers of tar accept unknown types, broken pax records and archives without an end; a data set must not lose examples silently.

const blockSize = 512
// Longest path that a pax or GNU record may carry; a record of another size is damage, not a path.
const longestRecord = 65536

/**
 * Reads the files of a tar archive one after the other: ustar, with the pax and GNU records for long paths and sizes; compressed by gzip or not.
 *
 * Folders are passed over. The archive must end as the format says, by blocks of zeros.
 *
 * @param source The bytes of the archive; only one file at a time is held in memory.
 * @param options Name of the archive for messages, which files to read, the most memory for one file.
 * @throws TransferkitError `data/wrong-format` when a header's checksum is wrong, `data/bad-header` for records that cannot be understood and for links and
 * special files, `data/unsafe-path`, `data/too-large`, `data/truncated`, `data/trailing-bytes`, `data/corrupt-gzip`.
 *
 * @example
 * ```ts no-run
 * import { readTar } from '@transferkit/datasets'
 * import { fileBytes } from '@transferkit/datasets/node'
 *
 * const onlyImages = (path: string) => path.endsWith('.png')
 * for await (const { path, bytes } of readTar(fileBytes('photos.tar'), { name: 'photos.tar', filter: onlyImages })) console.log(path, bytes.length)
 * ```
 */
export async function* readTar(source: ByteSource, options: ArchiveReaderOptions = {}): AsyncGenerator<ArchiveEntry, void, undefined> {
  const resolved = resolveReaderOptions(options)
  const { name } = resolved
  const cursor = byteCursor(decompressed(source, { name }), resolved)
  let records: Records = {}
  try {
    for (;;) {
      const start = cursor.offset()
      const header = await cursor.take(blockSize, 'a tar header')
      if (header.every((byte) => byte === 0)) break
      if (!checksumHolds(header)) {
        throw new TransferkitError(
          'data/wrong-format',
          `${name}: no valid tar header at byte ${start} (the checksum does not hold). The file is damaged or is no tar archive.`,
        )
      }
      const type = String.fromCharCode(header[156] ?? 0)
      const plainSize = numberIn(header, 124, 12)
      const size = isRecord(type) ? plainSize : (records.size ?? plainSize)
      if (size === undefined) throw badHeader(name, start, 'a size that is no number')
      const padding = (blockSize - (size % blockSize)) % blockSize
      const body = async (): Promise<Uint8Array<ArrayBuffer>> => {
        const bytes = await cursor.take(size, 'a file')
        await cursor.skip(padding, 'the padding after a file')
        return bytes
      }
      if (isRecord(type)) {
        if (size > longestRecord) throw badHeader(name, start, `a record of ${size} bytes, where at most ${longestRecord} are permitted`)
        records = type === 'g' ? (await body(), records) : { ...records, ...parseRecord(type, await body(), name, start) }
        continue
      }
      const path = records.path ?? pathIn(header)
      records = {}
      if (type === '5') {
        await cursor.skip(size + padding, 'a folder')
        continue
      }
      if (type !== '0' && type !== '\0' && type !== '7') {
        throw badHeader(name, start, `an entry of type ${JSON.stringify(type)} (a link or a special file) at the path ${JSON.stringify(path)}; only files and folders are read`)
      }
      const cleanPath = path.replace(/^(\.\/)+/, '')
      checkEntryPath(cleanPath, name)
      if (options.filter === undefined || options.filter(cleanPath)) yield { path: cleanPath, bytes: await body() }
      else await cursor.skip(size + padding, 'a file')
    }
    for (let rest = await cursor.takeUpTo(65536); rest.length > 0; rest = await cursor.takeUpTo(65536)) {
      if (rest.some((byte) => byte !== 0)) {
        throw new TransferkitError('data/trailing-bytes', `${name}: there are more bytes after the end of the archive. Was another archive appended?`)
      }
    }
  } finally {
    await cursor.close()
  }
}

interface Records {
  readonly path?: string
  readonly size?: number
}

const isRecord = (type: string): boolean => type === 'x' || type === 'g' || type === 'L' || type === 'K'

const badHeader = (name: string, offset: number, found: string): TransferkitError =>
  new TransferkitError('data/bad-header', `${name}: the tar header at byte ${offset} has ${found}.`)

const checksumHolds = (header: Uint8Array): boolean => {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  return numberIn(header, 148, 8) === sum
}

/** A number of a header, octal or (GNU) binary; undefined when it is neither. */
const numberIn = (header: Uint8Array, offset: number, length: number): number | undefined => {
  const field = header.subarray(offset, offset + length)
  const first = field[0] ?? 0
  if (first === 0x80) {
    const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, 0)
    return Number.isSafeInteger(value) ? value : undefined
  }
  const digits = textIn(field).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}

const textIn = (field: Uint8Array): string => {
  const end = field.indexOf(0)
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end))
}

const pathIn = (header: Uint8Array): string => {
  const path = textIn(header.subarray(0, 100))
  const isUstar = textIn(header.subarray(257, 263)) === 'ustar'
  const prefix = isUstar ? textIn(header.subarray(345, 500)) : ''
  return prefix === '' ? path : `${prefix}/${path}`
}

const parseRecord = (type: string, body: Uint8Array, name: string, offset: number): Records => {
  if (type === 'L') return { path: textIn(body) }
  if (type === 'K') return {}
  let records: Records = {}
  for (let start = 0; start < body.length; ) {
    const space = body.indexOf(0x20, start)
    const digits = space === -1 ? '' : textIn(body.subarray(start, space))
    const end = start + Number(digits)
    const equals = body.indexOf(0x3d, space)
    if (!/^[1-9]\d{0,5}$/.test(digits) || end > body.length || body[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw badHeader(name, offset, 'a pax record that cannot be understood')
    }
    const keyword = textIn(body.subarray(space + 1, equals))
    const value = new TextDecoder().decode(body.subarray(equals + 1, end - 1))
    if (keyword === 'path') records = { ...records, path: value }
    if (keyword.startsWith('GNU.sparse')) throw badHeader(name, offset, 'a sparse file, which is not read')
    if (keyword === 'size') {
      if (!/^\d{1,15}$/.test(value)) throw badHeader(name, offset, `the size ${JSON.stringify(value)}`)
      records = { ...records, size: Number(value) }
    }
    start = end
  }
  return records
}

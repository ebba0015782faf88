import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, chunksOf, joinChunks, resolveReaderOptions, tooLarge } from '../bytes/byte-source.js'
import { decompressed } from '../bytes/decompress.js'
import { type VectorCollector, vectorCollector, type WordVectors, type WordVectorsOptions } from './word-vectors.js'

/** Longest header and longest word, in bytes; what is longer is no file of word vectors. */
const longestWord = 4096

const [space, lineFeed] = [0x20, 0x0a]

/**
 * Reads word vectors from word2vec's binary format: a header line with the numbers of words and values, then each word, a space and its values as 32-bit floats.
 *
 * Of a word that comes twice, the first vector is kept and the others are counted.
 *
 * @param source The bytes of the file, compressed by gzip or not; it is read as it arrives.
 * @param options Vocabulary to keep vectors for, and what to do with odd words.
 * @throws TransferkitError `data/bad-header` when the header is no such header, `data/truncated`, `data/trailing-bytes`, `data/bad-text` when a word is not UTF-8 or
 * too long to be one, `data/not-finite`, `data/too-large`, `data/corrupt-gzip`.
 *
 * @example
 * ```ts no-run
 * import { readBinaryVectors, vocabulary } from '@transferkit/datasets'
 * import { fileBytes } from '@transferkit/datasets/node'
 *
 * const vectors = await readBinaryVectors(fileBytes('vectors.bin.gz'), { vocabulary: vocabulary(['a fine film']) })
 * ```
 */
export const readBinaryVectors = async (source: ByteSource, options: WordVectorsOptions = {}): Promise<WordVectors> => {
  const resolved = resolveReaderOptions(options)
  const { name } = resolved
  let header: { readonly words: number; readonly width: number; readonly collector: VectorCollector } | undefined
  let rest: Uint8Array = new Uint8Array(0)
  let [offset, read] = [0, 0]

  /** Reads the header, or the next word, from the bytes at hand; returns their number, or 0 when there are not enough. */
  const takeOne = (bytes: Uint8Array): number => {
    if (header === undefined) {
      const end = bytes.indexOf(lineFeed)
      if (end === -1 && bytes.length < longestWord) return 0
      header = openHeader(bytes.subarray(0, Math.min(longestWord, end === -1 ? bytes.length : end)))
      return end + 1
    }
    if (read === header.words) return trailing(bytes)
    // The writer ends each vector with a line feed; other writers leave it out.
    const start = bytes[0] === lineFeed ? 1 : 0
    const end = bytes.indexOf(space, start)
    if (end === -1 ? bytes.length > longestWord : end - start > longestWord) {
      throw new TransferkitError('data/bad-text', `${name}: word ${read + 1}, at byte ${offset}, is longer than ${longestWord} bytes, so this is no file of binary word vectors, or its header does not fit it.`)
    }
    const next = end + 1 + 4 * header.width
    if (end === -1 || bytes.length < next) return 0
    const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1, 4 * header.width)
    header.collector.add(bytes.subarray(start, end), `${name}, word ${read + 1} (byte ${offset})`, (values) => {
      for (let index = 0; index < values.length; index++) values[index] = view.getFloat32(4 * index, true)
    })
    read += 1
    return next
  }
  const openHeader = (bytes: Uint8Array): NonNullable<typeof header> => {
    const match = /^(\d{1,12})[ \t]+(\d{1,9})\s*$/.exec(String.fromCharCode(...bytes))
    const [words, width] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)]
    if (words < 1 || width < 1) throw new TransferkitError('data/bad-header', `${name}: a file of binary word vectors begins with a line of the numbers of words and of values; this one does not. Is it a text file? Then use readTextVectors.`)
    if (4 * width > resolved.maximumBytes) throw tooLarge(name, 4 * width, resolved.maximumBytes)
    return { words, width, collector: vectorCollector(width, options, resolved) }
  }
  const trailing = (bytes: Uint8Array): number => {
    if (bytes[0] === lineFeed) return 1
    throw new TransferkitError('data/trailing-bytes', `${name}: there are more bytes after the ${read} words of the header, from byte ${offset} on. The header does not fit the file, or something was appended to it.`)
  }

  for await (const chunk of chunksOf(decompressed(source, { name }))) {
    const bytes: Uint8Array = rest.length === 0 ? chunk : joinChunks([rest, chunk], rest.length + chunk.length)
    let position = 0
    while (position < bytes.length) {
      const taken = takeOne(bytes.subarray(position))
      if (taken === 0) break
      position += taken
      offset += taken
    }
    rest = bytes.slice(position)
  }
  if (header === undefined) {
    throw new TransferkitError('data/truncated', `${name}: the file ends within its header, after ${rest.length} bytes. Fetch the file again.`)
  }
  if (read < header.words) {
    throw new TransferkitError('data/truncated', `${name}: the header says ${header.words} words of ${header.width} values, and the file ends within word ${read + 1}, which starts at byte ${offset}. Fetch the file again.`)
  }
  return header.collector.result()
}

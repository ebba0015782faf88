import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, resolveReaderOptions } from '../bytes/byte-source.js'
import { textLines } from '../readers/text-lines.js'
import { type VectorCollector, vectorCollector, type WordVectors, type WordVectorsOptions } from './word-vectors.js'

/** What {@link readTextVectors} may be told. */
export interface TextVectorsOptions extends WordVectorsOptions {
  /** Number of values of a vector; that of the header, or of the first line, unless told. Needed with `spacesInWords` when the first word has a space. */
  readonly width?: number
  /** Whether a word may hold spaces, as some in the largest GloVe file do; then the last values of a line are its vector. False unless told: a line with another number of fields is an error. */
  readonly spacesInWords?: boolean
}

/**
 * Reads word vectors from a text file: GloVe's (a word and its values in each line), or word2vec's and fastText's, which begin with the number of words and of values.
 *
 * A first line of two whole numbers is such a header. Of a word that comes twice, the first vector is kept and the others are counted.
 *
 * @param source The bytes of the file, compressed by gzip or not; it is read line by line.
 * @param options Vocabulary to keep vectors for, width, and what to do with odd words.
 * @throws TransferkitError `data/bad-line` when a line has another number of values, or one that is no number, `data/not-finite`, `data/bad-text` when a word is not
 * UTF-8, `data/truncated` and `data/trailing-bytes` when there are fewer or more words than the header says, `data/bad-header` when it says
 * another width than the option, `data/too-large` when a line is, `data/corrupt-gzip`.
 *
 * @example
 * ```ts
 * import { readTextVectors } from '@transferkit/datasets'
 *
 * const { words, width } = await readTextVectors(new TextEncoder().encode('film 0.5 -1\nphone 0.25 2\n'))
 * // ['film', 'phone'], 2
 * ```
 */
export const readTextVectors = async (source: ByteSource, options: TextVectorsOptions = {}): Promise<WordVectors> => {
  const resolved = resolveReaderOptions(options)
  const { name } = resolved
  let claimed: { readonly words: number; readonly width: number } | undefined
  let collector: VectorCollector | undefined
  let { width } = options
  let read = 0
  // Bytes stay as they are in latin1, so that one odd word need not end the reading.
  for await (const { number, text } of textLines(source, { name, maximumBytes: resolved.maximumBytes, encoding: 'latin1' })) {
    const place = `${name}, line ${number}`
    const fields = text.replace(/[ \t\r]+$/, '').split(/[ \t]/)
    if (number === 1 && fields.length === 2 && fields.every((field) => /^\d{1,12}$/.test(field))) {
      claimed = { words: Number(fields[0]), width: Number(fields[1]) }
      if (width !== undefined && width !== claimed.width) throw new TransferkitError('data/bad-header', `${place}: the header says vectors of ${claimed.width} values, and the option width says ${width}.`)
      width = claimed.width
      continue
    }
    width ??= fields.length - 1
    if (width < 1) throw new TransferkitError('data/bad-line', `${place}: expected a word and its values, and found ${JSON.stringify(text.slice(0, 60))}.`)
    if (claimed !== undefined && read === claimed.words) {
      throw new TransferkitError('data/trailing-bytes', `${place}: the header says ${claimed.words} words, and there are more. The header does not fit the file, or something was appended to it.`)
    }
    const extra = fields.length - 1 - width
    if (extra < 0 || (extra > 0 && options.spacesInWords !== true)) {
      throw new TransferkitError(
        'data/bad-line',
        `${place}: the line has ${fields.length - 1} values after ${JSON.stringify(fields[0]?.slice(0, 40))}, and ${width} were expected${extra > 0 ? '; if words of this file hold spaces, set the option spacesInWords' : '. If it is the last line, the file is cut off: fetch it again'}.`,
      )
    }
    collector ??= vectorCollector(width, options, resolved)
    const word = fields.slice(0, extra + 1).join(' ')
    collector.add(bytesOf(number === 1 ? word.replace(/^\u00ef\u00bb\u00bf/, '') : word), place, (values) => {
      for (let index = 0; index < values.length; index++) {
        const field = fields[extra + 1 + index] ?? ''
        const value = Number(field)
        if (field === '' || Number.isNaN(value)) throw new TransferkitError('data/bad-line', `${place}: value ${index + 1} of the vector is ${JSON.stringify(field.slice(0, 40))}, and a number was expected.`)
        values[index] = value
      }
    })
    read += 1
  }
  if (claimed !== undefined && read < claimed.words) {
    throw new TransferkitError('data/truncated', `${name}: the header says ${claimed.words} words, and the file ends after ${read}. Fetch the file again.`)
  }
  if (collector === undefined) throw new TransferkitError('data/truncated', `${name}: the file has no word vectors. Fetch the file again.`)
  return collector.result()
}

const bytesOf = (latin1: string): Uint8Array => Uint8Array.from({ length: latin1.length }, (_, index) => latin1.charCodeAt(index))

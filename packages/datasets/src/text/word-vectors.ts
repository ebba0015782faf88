import { TransferkitError } from '@transferkit/tensor'
import { type ReaderOptions, type ResolvedReaderOptions, tooLarge } from '../bytes/byte-source.js'
import type { Vocabulary } from './vocabulary.js'

/** Vectors of words. */
export interface WordVectors {
  /** The words, in the order of the file. */
  readonly words: readonly string[]
  /** Number of values of a vector. */
  readonly width: number
  /** Values of all vectors, one after the other. */
  readonly values: Float32Array
  /** Number of lines that were passed over because their word had come before; the first vector counts. */
  readonly duplicates: number
  /** Number of lines that were passed over because their word is not UTF-8; always 0 unless the option `malformed` is `'skip'`. */
  readonly malformed: number
}

/** What the readers of word vectors may be told. */
export interface WordVectorsOptions extends ReaderOptions {
  /** Keeps only vectors of the tokens of this vocabulary and of their lower-case forms, which saves memory with large files; all unless told. */
  readonly vocabulary?: Vocabulary
  /** What is done with a word whose bytes are not UTF-8: an error unless told, or the line is passed over and counted. */
  readonly malformed?: 'refuse' | 'skip'
}

/** Collects vectors in memory that grows as they come. */
export interface VectorCollector {
  /** Adds the vector of a word, given as bytes; `write` is called only when the vector is wanted. */
  readonly add: (word: Uint8Array, place: string, write: (values: Float32Array) => void) => void
  readonly result: () => WordVectors
}

export const vectorCollector = (width: number, options: WordVectorsOptions, { name, maximumBytes }: ResolvedReaderOptions): VectorCollector => {
  const wanted = options.vocabulary === undefined ? undefined : new Set(options.vocabulary.tokens.flatMap((token) => [token, token.toLowerCase()]))
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const words = new Set<string>()
  let [duplicates, malformed] = [0, 0]
  let values = new Float32Array(0)
  const wordOf = (bytes: Uint8Array, place: string): string | undefined => {
    try {
      return strict.decode(bytes)
    } catch (error) {
      if (options.malformed === 'skip') return undefined
      throw new TransferkitError('data/bad-text', `${place}: the word is not valid UTF-8. Fetch the file again, or set the option malformed to 'skip' to pass over such words.`, { cause: error })
    }
  }
  return {
    add: (bytes, place, write) => {
      const word = wordOf(bytes, place)
      if (word === undefined) malformed += 1
      else if (words.has(word)) duplicates += 1
      else if (wanted?.has(word) !== false) {
        const start = words.size * width
        if (start + width > values.length) {
          const larger = Math.max(64 * width, Math.ceil(values.length / width) * 2 * width)
          if (4 * (start + width) > maximumBytes) throw tooLarge(name, 4 * (start + width), maximumBytes)
          const grown = new Float32Array(Math.min(larger, Math.floor(maximumBytes / 4)))
          grown.set(values)
          values = grown
        }
        const vector = values.subarray(start, start + width)
        write(vector)
        const wrong = vector.findIndex((value) => !Number.isFinite(value))
        if (wrong !== -1) throw new TransferkitError('data/not-finite', `${place}: value ${wrong + 1} of the vector of ${JSON.stringify(word)} is ${vector[wrong]}, and a finite number was expected.`)
        words.add(word)
      }
    },
    result: () => ({ words: [...words], width, values: values.slice(0, words.size * width), duplicates, malformed }),
  }
}

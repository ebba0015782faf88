import { foldIn, type Key, normalArray } from '@transferkit/tensor'
import { coverageOf } from './align-vocabularies.js'
import { paddingId, unknownId, type Vocabulary } from './vocabulary.js'
import type { WordVectors } from './word-vectors.js'

/** Start of an embedding table, with how much of it came from word vectors. */
export interface EmbeddingMatrix {
  /** The rows, one after the other, by token number. */
  readonly values: Float32Array
  /** `[tokens, width]`. */
  readonly shape: readonly [number, number]
  /** Number of tokens that have a vector, without padding and unknown. */
  readonly found: number
  /** Share of the tokens that have a vector, from 0 to 1. */
  readonly coverage: number
  /** The same with each token counted as often as it comes in the texts, where the vocabulary knows that. */
  readonly textCoverage?: number
  /** The tokens without a vector, in the order of the vocabulary. */
  readonly missing: readonly string[]
}

/**
 * An embedding table for a vocabulary from word vectors.
 *
 * A token that has no vector takes that of its lower-case form; a token without either, and the row of unknown tokens, is drawn from a normal distribution of
 * mean 0 and the standard deviation of the vectors found (0.1 where none is). The draw depends on key and token only. The padding row is 0.
 *
 * @param vocabulary The tokens.
 * @param vectors The vectors.
 * @param key Source of randomness for the rows without a vector.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { embeddingMatrix, readTextVectors, vocabulary } from '@transferkit/datasets'
 *
 * const vectors = await readTextVectors(new TextEncoder().encode('film 0.5 -1\n'))
 * const { shape, coverage } = embeddingMatrix(vocabulary(['a film']), vectors, randomKey(1)) // [4, 2], 0.5
 * ```
 */
export const embeddingMatrix = (vocabulary: Vocabulary, vectors: WordVectors, key: Key): EmbeddingMatrix => {
  const { width } = vectors
  const rowOf = new Map(vectors.words.map((word, row) => [word, row]))
  const rows = vocabulary.tokens.map((token, id) => (id <= unknownId ? undefined : (rowOf.get(token) ?? rowOf.get(token.toLowerCase()))))
  const values = new Float32Array(vocabulary.size * width)
  let [sum, squares, count] = [0, 0, 0]
  rows.forEach((row, id) => {
    if (row === undefined) return
    const vector = vectors.values.subarray(row * width, (row + 1) * width)
    values.set(vector, id * width)
    for (const value of vector) {
      sum += value
      squares += value * value
    }
    count += width
  })
  const deviation = count === 0 ? 0.1 : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
  rows.forEach((row, id) => {
    if (row === undefined && id !== paddingId) values.set(normalArray(foldIn(key, vocabulary.tokens[id] ?? ''), width, 0, deviation), id * width)
  })
  const missing = vocabulary.tokens.filter((_, id) => id > unknownId && rows[id] === undefined)
  return { values, shape: [vocabulary.size, width], missing, ...coverageOf(vocabulary, (id) => rows[id] !== undefined) }
}

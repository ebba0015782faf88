import { type Dataset, TransferkitError } from '@transferkit/tensor'
import { checkedIndices } from '../data/checks.js'
import type { EncodingOptions } from './encoded-dataset.js'
import { lengthOrder } from './length-order.js'
import { batchLength, paddedRows } from './token-rows.js'

/** How unlabelled texts become examples of a next word. */
export interface LanguageModelOptions extends EncodingOptions {
  /** How many words are classes: the first ones of the vocabulary, which are the most frequent; 2,000 unless told. An evaluation counts every pair of classes. */
  readonly nextWords?: number
  /** Name for reports and messages, `language model` unless told. */
  readonly name?: string
}

/** What became of the tokens of unlabelled texts. */
export interface LanguageModelReport {
  /** Number of texts. */
  readonly texts: number
  /** Number of tokens of all texts. */
  readonly tokens: number
  /** Number of texts of fewer than two tokens, which have no next word. */
  readonly tooShort: number
  /** Number of places that make no example because the word that stands there is not one of the classes. */
  readonly leftOut: number
}

/** A data set of next words, with what was lost in making it. */
export interface LanguageModelDataset extends Dataset {
  /** What was left out. */
  readonly report: LanguageModelReport
}

/**
 * Unlabelled texts as a classification task: from the words before it, tell the next word. To pre-train a text network as a language model.
 *
 * Every place of a text but its first makes an example: its input is the tokens before it, at most the last `maximumLength` of them, and its class is the token
 * that stands there. Places with a rare or unknown word make none. Batches and their order are those of {@link encodedDataset}.
 *
 * @param texts The texts; one example never spans two of them.
 * @param options Vocabulary, maximum length, and how many words are classes.
 * @throws TransferkitError `text/bad-option` for a number that cannot be, `dataset/empty` when no place makes an example.
 *
 * @example
 * ```ts
 * import { languageModelDataset, vocabulary } from '@transferkit/datasets'
 *
 * const texts = ['a fine film', 'a fine day']
 * const next = languageModelDataset(texts, { vocabulary: vocabulary(texts), maximumLength: 20 })
 * next.size // 4: 'fine' and 'film', 'fine' and 'day'
 * ```
 */
export const languageModelDataset = (texts: Iterable<string>, options: LanguageModelOptions): LanguageModelDataset => {
  const { vocabulary, maximumLength, nextWords = 2000, name = 'language model' } = options
  for (const [option, value] of Object.entries({ maximumLength, nextWords })) {
    if (!Number.isInteger(value) || value < 1) throw new TransferkitError('text/bad-option', `languageModelDataset: ${option} is a whole number from 1, not ${value}.`)
  }
  const classes = vocabulary.tokens.slice(2, 2 + nextWords)
  const rows: Int32Array[] = []
  // Row and place of each example.
  const [rowOf, placeOf]: [number[], number[]] = [[], []]
  let [tokens, tooShort, leftOut] = [0, 0, 0]
  for (const text of texts) {
    const row = vocabulary.encode(text)
    tokens += row.length
    tooShort += row.length < 2 ? 1 : 0
    for (let place = 1; place < row.length; place++) {
      const next = row[place] ?? 0
      if (next < 2 || next >= 2 + classes.length) {
        leftOut += 1
        continue
      }
      rowOf.push(rows.length)
      placeOf.push(place)
    }
    rows.push(row)
  }
  const size = placeOf.length
  if (size === 0) {
    throw new TransferkitError('dataset/empty', `${name}: ${rows.length} texts of ${tokens} tokens have no next word to learn: ${tooShort} have fewer than two tokens, and ${leftOut} words are not among the ${classes.length} classes.`)
  }
  const labels = Int32Array.from(placeOf, (place, example) => (rows[rowOf[example] ?? 0]?.[place] ?? 2) - 2)
  const lengths = Int32Array.from(placeOf, (place) => Math.min(place, maximumLength))
  return {
    specVersion: 1,
    name,
    task: { kind: 'classification', classes },
    size,
    exampleShape: [maximumLength],
    labels,
    report: { texts: rows.length, tokens, tooShort, leftOut },
    read: (indices) => {
      const positions = checkedIndices(indices, { name, size })
      const before = Array.from(positions, (position) => {
        const place = placeOf[position] ?? 0
        return (rows[rowOf[position] ?? 0] ?? new Int32Array(0)).subarray(Math.max(0, place - maximumLength), place)
      })
      const length = batchLength(before, maximumLength)
      return { inputs: paddedRows(before, length), shape: [positions.length, length], labels: positions.map((position) => labels[position] ?? 0), indices: positions }
    },
    order: (key, batchSize) => lengthOrder(lengths, key, batchSize),
  }
}

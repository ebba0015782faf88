import { type Dataset, TransferkitError } from '@transferkit/tensor'
import { checkedIndices } from '../data/checks.js'
import type { EncodingOptions } from './encoded-dataset.js'
import { lengthOrder } from './length-order.js'
import { batchLength, paddedRows } from './token-rows.js'
import { unknownId } from './vocabulary.js'

/** How unlabelled texts become examples of next words. `maximumLength` is the number of words of a row; longer texts make several. */
export interface LanguageModelOptions extends EncodingOptions {
  /** How many words are classes: the first ones of the vocabulary, which are the most frequent; all of them unless told. */
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
  /** Number of places that are learned: the words that have a word before them and are classes. */
  readonly places: number
  /** Number of places that are not learned because the word that stands there is not one of the classes. */
  readonly leftOut: number
}

/** A data set of next words, with what was lost in making it. */
export interface LanguageModelDataset extends Dataset {
  /** What was left out. */
  readonly report: LanguageModelReport
  /** Id of the token that is class 0; the tokens that follow are the classes that follow. */
  readonly firstClassToken: number
}

/** Tokens `from` to `to` of a text, and the one behind them. */
interface Piece {
  readonly text: Int32Array
  readonly from: number
  readonly to: number
}

/**
 * Unlabelled texts as rows of words from which the next words are told, to pre-train a text network as a language model.
 *
 * A text is cut into rows of up to `maximumLength` tokens; the label of a row is the word behind it. Each word of a text but its first is the next word at exactly
 * one place: within a row or behind it. So a language model learns from all places of a row at once, and as a plain classification task the set asks for
 * the word behind each row. Nothing is remembered from one row to the next. Rare and unknown words stand in the rows but are not told: they are no classes.
 * Batches and their order are those of {@link encodedDataset}.
 *
 * @param texts The texts; one row never spans two of them.
 * @param options Vocabulary, maximum length, and how many words are classes.
 * @throws TransferkitError `text/bad-option` for a number that cannot be, `dataset/empty` when no place is left to learn.
 *
 * @example
 * ```ts
 * import { languageModelDataset, vocabulary } from '@transferkit/datasets'
 *
 * const texts = ['a fine film', 'a fine day']
 * const next = languageModelDataset(texts, { vocabulary: vocabulary(texts), maximumLength: 20 })
 * next.size // 2 rows, 'a fine' and 'a fine', with the labels 'film' and 'day'
 * next.report.places // 4: 'fine' and 'film', 'fine' and 'day'
 * ```
 */
export const languageModelDataset = (texts: Iterable<string>, options: LanguageModelOptions): LanguageModelDataset => {
  const { vocabulary, maximumLength, name = 'language model' } = options
  const firstClassToken = unknownId + 1
  const { nextWords = Math.max(1, vocabulary.size - firstClassToken) } = options
  for (const [option, value] of Object.entries({ maximumLength, nextWords })) {
    if (!Number.isInteger(value) || value < 1) throw new TransferkitError('text/bad-option', `languageModelDataset: ${option} is a whole number from 1, not ${value}.`)
  }
  const classes = vocabulary.tokens.slice(firstClassToken, firstClassToken + nextWords)
  const classOf = (token: number | undefined): number => (token === undefined || token >= firstClassToken + classes.length ? -1 : token - firstClassToken)
  const pieces: Piece[] = []
  let [count, tokens, tooShort, places, leftOut] = [0, 0, 0, 0, 0]
  for (const text of texts) {
    const row = vocabulary.encode(text)
    count += 1
    tokens += row.length
    tooShort += row.length < 2 ? 1 : 0
    for (let from = 0; from < row.length - 1; from += maximumLength) {
      const learned = Array.from(row.subarray(from + 1, from + 1 + maximumLength), (token) => classOf(token) >= 0)
      const last = learned.lastIndexOf(true)
      const found = learned.filter(Boolean).length
      places += found
      leftOut += learned.length - found
      // Words behind the last one that is learned would be read for nothing.
      if (last >= 0) pieces.push({ text: row, from, to: from + last + 1 })
    }
  }
  const size = pieces.length
  if (size === 0) {
    throw new TransferkitError('dataset/empty', `${name}: ${count} texts of ${tokens} tokens have no next word to learn: ${tooShort} have fewer than two tokens, and ${leftOut} words are not among the ${classes.length} classes.`)
  }
  const labels = Int32Array.from(pieces, ({ text, to }) => classOf(text[to]))
  const lengths = Int32Array.from(pieces, ({ from, to }) => to - from)
  return {
    specVersion: 1,
    name,
    task: { kind: 'classification', classes },
    size,
    exampleShape: [maximumLength],
    labels,
    firstClassToken,
    report: { texts: count, tokens, tooShort, places, leftOut },
    read: (indices) => {
      const positions = checkedIndices(indices, { name, size })
      const rows = Array.from(positions, (position) => {
        const { text, from, to } = pieces[position] ?? { text: new Int32Array(0), from: 0, to: 0 }
        return text.subarray(from, to)
      })
      const length = batchLength(rows, maximumLength)
      return { inputs: paddedRows(rows, length), shape: [positions.length, length], labels: positions.map((position) => labels[position] ?? 0), indices: positions }
    },
    order: (key, batchSize) => lengthOrder(lengths, key, batchSize),
  }
}

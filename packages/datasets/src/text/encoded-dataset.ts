import type { Dataset } from '@transferkit/tensor'
import { checkedIndices } from '../data/checks.js'
import type { TextDataset } from '../data/text-dataset.js'
import { lengthOrder } from './length-order.js'
import { batchLength, type EncodingReport, paddedRows, tokenRows } from './token-rows.js'
import type { Vocabulary } from './vocabulary.js'

/** How texts become rows of numbers. */
export interface EncodingOptions {
  /** Vocabulary, with its tokeniser. */
  readonly vocabulary: Vocabulary
  /** Most tokens of a text; of a longer one, the start is kept. It is also the length that a network for these texts takes. */
  readonly maximumLength: number
}

/** A data set of token numbers, with what was lost in making it. */
export interface EncodedDataset extends Dataset {
  /** What was cut, unknown or empty. */
  readonly report: EncodingReport
}

/**
 * A set of labelled texts as a data set of token numbers, for text networks.
 *
 * An example is `[maximumLength]`, or `[2, maximumLength]` where examples are pairs. Padding, 0, stands at the end. A batch is cut to its longest text, rounded up
 * to a multiple of 8 tokens. Training goes through the examples in an order that puts texts of about the same length together: shuffled, sorted by length
 * within windows of 50 batches, and the batches shuffled again.
 *
 * An empty text is a row of padding, and a text of unknown words a row of ones: nothing is left out. `report` counts them, and the texts that were cut.
 * Make parts of a set ({@link stratifiedSplit}, {@link fewShot}) before it is encoded, because a subset of an encoded set is shuffled without regard to length.
 *
 * @param dataset The texts.
 * @param options Vocabulary and maximum length.
 * @throws TransferkitError `text/bad-option` when the maximum length is no whole number from 1.
 *
 * @example
 * ```ts
 * import { arrayTextDataset, encodedDataset, textsOf, vocabulary } from '@transferkit/datasets'
 *
 * const texts = arrayTextDataset({ name: 'reviews', classes: ['bad', 'good'], texts: ['a dull film', 'a fine one'], labels: [0, 1] })
 * const train = await encodedDataset(texts, { vocabulary: vocabulary(await textsOf(texts)), maximumLength: 40 })
 * train.report.cut // 0
 * ```
 */
export const encodedDataset = async (dataset: TextDataset, options: EncodingOptions): Promise<EncodedDataset> => {
  const { vocabulary, maximumLength } = options
  const { specVersion, name, task, size, labels, paired } = dataset
  const { texts, secondTexts = [] } = await dataset.read(Int32Array.from({ length: size }, (_, position) => position))
  // The second texts follow all the first ones.
  const { rows, report } = tokenRows([...texts, ...secondTexts], vocabulary, maximumLength)
  const rowsOf = (position: number): readonly Int32Array[] => [position, ...(paired ? [position + size] : [])].map((row) => rows[row] ?? new Int32Array(0))
  const lengths = Int32Array.from({ length: size }, (_, position) => Math.max(...rowsOf(position).map((row) => row.length)))
  return {
    specVersion,
    name,
    task,
    size,
    exampleShape: [...(paired ? [2] : []), maximumLength],
    labels,
    report,
    read: (indices) => {
      const positions = checkedIndices(indices, { name, size })
      const chosen = Array.from(positions).flatMap(rowsOf)
      const length = batchLength(chosen, maximumLength)
      return {
        inputs: paddedRows(chosen, length),
        shape: [positions.length, ...(paired ? [2] : []), length],
        labels: positions.map((position) => labels[position] ?? 0),
        indices: positions,
      }
    },
    order: (key, batchSize) => lengthOrder(lengths, key, batchSize),
  }
}

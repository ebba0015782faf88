import { TransferkitError } from '@transferkit/tensor'
import { checkedIndices, checkLabels } from './checks.js'
import type { TextDataset } from './text-dataset.js'

/** What an in-memory set of labelled texts is made of. */
export interface ArrayTextDatasetOptions {
  /** Name for reports and messages. */
  readonly name: string
  /** Names of the classes; a label is a position in this list. */
  readonly classes: readonly string[]
  /** The texts. */
  readonly texts: readonly string[]
  /** The second text of each example, for tasks on pairs of texts. */
  readonly secondTexts?: readonly string[]
  /** One label an example. */
  readonly labels: ArrayLike<number>
}

/**
 * A set of labelled texts in memory.
 *
 * @param options The texts, and what they mean.
 * @throws TransferkitError `dataset/count-mismatch` when the numbers of texts and labels differ, `data/label-out-of-range`, `dataset/bad-classes`.
 *
 * @example
 * ```ts
 * import { arrayTextDataset } from '@transferkit/datasets'
 *
 * const reviews = arrayTextDataset({ name: 'reviews', classes: ['bad', 'good'], texts: ['a dull film', 'a fine one'], labels: [0, 1] })
 * ```
 */
export const arrayTextDataset = (options: ArrayTextDatasetOptions): TextDataset => {
  const { name, classes, texts, secondTexts } = options
  if (texts.length !== options.labels.length || (secondTexts !== undefined && secondTexts.length !== texts.length)) {
    throw new TransferkitError(
      'dataset/count-mismatch',
      `${name}: there are ${texts.length} texts${secondTexts === undefined ? '' : `, ${secondTexts.length} second texts`} and ${options.labels.length} labels; these numbers must be equal.`,
    )
  }
  checkLabels(options.labels, classes, name)
  const labels = Int32Array.from(options.labels)
  return {
    specVersion: 1,
    name,
    task: { kind: 'classification', classes },
    size: labels.length,
    paired: secondTexts !== undefined,
    labels,
    read: (indices) => {
      const positions = checkedIndices(indices, { name, size: labels.length })
      const pick = (all: readonly string[]): readonly string[] => Array.from(positions, (position) => all[position] ?? '')
      return {
        texts: pick(texts),
        ...(secondTexts === undefined ? {} : { secondTexts: pick(secondTexts) }),
        labels: positions.map((position) => labels[position] ?? 0),
        indices: positions,
      }
    },
  }
}

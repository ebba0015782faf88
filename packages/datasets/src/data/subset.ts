import type { Dataset } from '@transferkit/tensor'
import { checkedIndices } from './checks.js'
import type { TextDataset } from './text-dataset.js'

/**
 * Some examples of a data set as a data set of their own, in the order given. Nothing is copied.
 *
 * @param dataset The whole set, of images or of texts.
 * @param indices Positions in `dataset`; one may come twice.
 * @param name Name of the subset, that of the whole set unless told.
 * @throws TransferkitError `dataset/index-out-of-range` when a position is not in the set.
 *
 * @example
 * ```ts
 * import { arrayDataset, subset } from '@transferkit/datasets'
 *
 * const all = arrayDataset({ name: 'all', classes: ['a', 'b'], inputs: Uint8Array.of(1, 2, 3), exampleShape: [1], labels: [0, 1, 0] })
 * const firstAndLast = subset(all, [0, 2])
 * ```
 */
export function subset(dataset: Dataset, indices: readonly number[] | Int32Array, name?: string): Dataset
export function subset(dataset: TextDataset, indices: readonly number[] | Int32Array, name?: string): TextDataset
export function subset(dataset: Dataset | TextDataset, indices: readonly number[] | Int32Array, name?: string): Dataset | TextDataset
export function subset(dataset: Dataset | TextDataset, indices: readonly number[] | Int32Array, name = dataset.name): Dataset | TextDataset {
  const positions = checkedIndices(indices, dataset)
  const { specVersion, task } = dataset
  const common = { specVersion, name, task, size: positions.length, labels: positions.map((position) => dataset.labels[position] ?? 0) }
  const translate = (requested: readonly number[] | Int32Array): { readonly own: Int32Array; readonly original: Int32Array } => {
    const own = checkedIndices(requested, common)
    return { own, original: own.map((position) => positions[position] ?? 0) }
  }
  if ('exampleShape' in dataset) {
    return {
      ...common,
      exampleShape: dataset.exampleShape,
      read: async (requested) => {
        const { own, original } = translate(requested)
        return { ...(await dataset.read(original)), indices: own }
      },
    }
  }
  return {
    ...common,
    paired: dataset.paired,
    read: async (requested) => {
      const { own, original } = translate(requested)
      return { ...(await dataset.read(original)), indices: own }
    },
  }
}

import type { TextDataset } from '../data/text-dataset.js'

/**
 * All texts of a set, for {@link vocabulary}: the first texts of all examples, then the second ones where examples are pairs.
 *
 * @param dataset The set, usually the training part.
 *
 * @example
 * ```ts
 * import { arrayTextDataset, textsOf, vocabulary } from '@transferkit/datasets'
 *
 * const train = arrayTextDataset({ name: 'train', classes: ['bad', 'good'], texts: ['a dull film', 'a fine one'], labels: [0, 1] })
 * const words = vocabulary(await textsOf(train), { minimumCount: 1 })
 * ```
 */
export const textsOf = async (dataset: TextDataset): Promise<readonly string[]> => {
  const { texts, secondTexts = [] } = await dataset.read(Int32Array.from({ length: dataset.size }, (_, position) => position))
  return [...texts, ...secondTexts]
}

import { type Dataset, foldIn, type Key, permutation, TransferkitError } from '@transferkit/tensor'
import { positionsByClass } from './positions-by-class.js'
import { subset } from './subset.js'
import type { TextDataset } from './text-dataset.js'

/**
 * Splits a data set at random into parts that all have the classes in the proportion of the whole.
 *
 * In two parts, the size of a part and its number of examples of each class are within one of the exact share; each further part may add one to that.
 * Every example is in exactly one part. The same key gives the same split.
 *
 * @param dataset The whole set, of images or of texts.
 * @param fractions Share of each part, by its name; together they are 1.
 * @param key Source of randomness.
 * @throws TransferkitError `dataset/bad-option` when the shares are not positive or do not sum to 1, `dataset/too-few-examples` naming a class without examples.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { arrayDataset, stratifiedSplit } from '@transferkit/datasets'
 *
 * const all = arrayDataset({ name: 'all', classes: ['a', 'b'], inputs: Uint8Array.of(1, 2, 3, 4), exampleShape: [1], labels: [0, 1, 0, 1] })
 * const { train, validation } = stratifiedSplit(all, { train: 0.5, validation: 0.5 }, randomKey(1))
 * ```
 */
export function stratifiedSplit<Name extends string>(dataset: Dataset, fractions: Readonly<Record<Name, number>>, key: Key): Readonly<Record<Name, Dataset>>
export function stratifiedSplit<Name extends string>(dataset: TextDataset, fractions: Readonly<Record<Name, number>>, key: Key): Readonly<Record<Name, TextDataset>>
export function stratifiedSplit<Name extends string>(
  dataset: Dataset | TextDataset,
  fractions: Readonly<Record<Name, number>>,
  key: Key,
): Readonly<Record<Name, Dataset | TextDataset>> {
  const parts = Object.entries<number>(fractions)
  const sum = parts.reduce((total, [, fraction]) => total + fraction, 0)
  if (parts.length === 0 || parts.some(([, fraction]) => !(fraction > 0)) || Math.abs(sum - 1) > 1e-9) {
    throw new TransferkitError(
      'dataset/bad-option',
      `${dataset.name}: the shares of a split are above 0 and sum to 1; ${parts.map(([name, fraction]) => `${name} ${fraction}`).join(', ') || 'no shares'} were given.`,
    )
  }
  let rest = positionsByClass(dataset, 1, 'a stratified split').flatMap((members, label) =>
    Array.from(permutation(foldIn(key, label), members.length), (order) => members[order] ?? 0),
  )
  let restFraction = 1
  const split: [string, Dataset | TextDataset][] = []
  for (const [index, [name, fraction]] of parts.entries()) {
    // Every 1/share-th example of the list ordered by class is taken, which is even over the classes and over the whole at once.
    const share = index === parts.length - 1 ? 1 : Math.min(1, fraction / restFraction)
    const isTaken = (order: number): boolean => Math.floor((order + 1) * share + 0.5) > Math.floor(order * share + 0.5)
    const taken = rest.filter((_, order) => isTaken(order))
    rest = rest.filter((_, order) => !isTaken(order))
    restFraction -= fraction
    split.push([name, subset(dataset, taken.sort((a, b) => a - b), `${dataset.name}/${name}`)])
  }
  // The entries are those of the record given, so the names are the same.
  return Object.fromEntries(split) as Readonly<Record<Name, Dataset | TextDataset>>
}

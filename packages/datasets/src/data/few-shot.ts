import { type Dataset, foldIn, type Key, permutation, TransferkitError } from '@transferkit/tensor'
import { positionsByClass, type LabelledSet } from './positions-by-class.js'
import { subset } from './subset.js'
import type { TextDataset } from './text-dataset.js'

/** A small training set and everything that is not in it. */
export interface FewShotSplit<Set> {
  /** The examples chosen, the same number of each class, in the order of the whole set. */
  readonly train: Set
  /** All other examples, in the order of the whole set. */
  readonly test: Set
}

/**
 * Chooses some examples of every class at random.
 *
 * The same key gives the same examples, and a larger `perClass` with the same key adds examples to those of a smaller one.
 *
 * @param dataset The whole set, of images or of texts.
 * @param perClass How many examples of each class, at least 1.
 * @param key Source of randomness.
 * @throws TransferkitError `dataset/too-few-examples` naming the class that has fewer, `dataset/bad-option` when `perClass` is no whole number from 1.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { arrayDataset, fewShot } from '@transferkit/datasets'
 *
 * const all = arrayDataset({ name: 'all', classes: ['a', 'b'], inputs: Uint8Array.of(1, 2, 3, 4), exampleShape: [1], labels: [0, 1, 0, 1] })
 * const one = fewShot(all, 1, randomKey(1))
 * ```
 */
export function fewShot(dataset: Dataset, perClass: number, key: Key): Dataset
export function fewShot(dataset: TextDataset, perClass: number, key: Key): TextDataset
export function fewShot(dataset: Dataset | TextDataset, perClass: number, key: Key): Dataset | TextDataset {
  return subset(dataset, chosenPositions(dataset, perClass, key), `${dataset.name}, ${perClass} per class`)
}

/**
 * Splits a set in a small training set, the same number of each class, and a test set of all the rest.
 *
 * @param dataset The whole set, of images or of texts.
 * @param perClass How many training examples of each class, at least 1.
 * @param key Source of randomness; the training set is that of {@link fewShot} with the same key.
 * @throws TransferkitError `dataset/too-few-examples` naming the class that has no more than `perClass` examples, so that none would be left for the test,
 * `dataset/bad-option` when `perClass` is no whole number from 1.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { arrayDataset, fewShotSplit } from '@transferkit/datasets'
 *
 * const all = arrayDataset({ name: 'all', classes: ['a', 'b'], inputs: Uint8Array.of(1, 2, 3, 4), exampleShape: [1], labels: [0, 1, 0, 1] })
 * const { train, test } = fewShotSplit(all, 1, randomKey(1))
 * ```
 */
export function fewShotSplit(dataset: Dataset, perClass: number, key: Key): FewShotSplit<Dataset>
export function fewShotSplit(dataset: TextDataset, perClass: number, key: Key): FewShotSplit<TextDataset>
export function fewShotSplit(dataset: Dataset | TextDataset, perClass: number, key: Key): FewShotSplit<Dataset | TextDataset> {
  positionsByClass(dataset, perClass + 1, `a split of ${perClass} training examples and a test set`)
  const chosen = chosenPositions(dataset, perClass, key)
  const taken = new Set(chosen)
  const rest = Array.from({ length: dataset.size }, (_, position) => position).filter((position) => !taken.has(position))
  return {
    train: subset(dataset, chosen, `${dataset.name}, ${perClass} per class`),
    test: subset(dataset, rest, `${dataset.name}, all but ${perClass} per class`),
  }
}

const chosenPositions = (dataset: LabelledSet, perClass: number, key: Key): readonly number[] => {
  if (!Number.isInteger(perClass) || perClass < 1) {
    throw new TransferkitError('dataset/bad-option', `${dataset.name}: the number of examples per class is a whole number from 1, not ${perClass}.`)
  }
  return positionsByClass(dataset, perClass, `a few-shot set of ${perClass} per class`)
    .flatMap((members, label) => Array.from(permutation(foldIn(key, label), members.length).subarray(0, perClass), (order) => members[order] ?? 0))
    .sort((a, b) => a - b)
}

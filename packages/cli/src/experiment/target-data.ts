import { composeTransforms, fewShot, fewShotSplit } from '@transferkit/datasets'
import { type Dataset, foldIn, type Key, randomKey, type TransferkitError } from '@transferkit/tensor'
import { inField } from '../recipe/in-field.js'
import type { ParsedRecipe } from '../recipe/parse-recipe.js'
import type { ImageSettings } from '../recipe/schema.js'
import { type DataPlaces, openDataset } from './open-dataset.js'
import { transformsOf } from './transforms.js'

/** Training and test examples of one seed. @internal */
export interface TargetSplit {
  /** What is trained on. */
  readonly train: Dataset
  /** What is tested on: all of it. */
  readonly test: Dataset
}

/** The target data of a recipe. @internal */
export interface TargetData {
  /** Names of the classes. */
  readonly classes: readonly string[]
  /** Shape of an example as it is stored, before any transform. */
  readonly exampleShape: readonly number[]
  /**
   * Training and test examples of a seed; the same seed gives the same.
   *
   * @param seed The seed.
   */
  split(seed: number): Promise<TargetSplit>
}

/**
 * Opens the target data of a recipe.
 *
 * @param parsed The recipe.
 * @param places Where data sets are looked for.
 * @throws TransferkitError What opening a data set throws, and `recipe/invalid` for a data set, transform or number of examples that there is not.
 * @internal
 */
export const openTargetData = async (parsed: ParsedRecipe, places: DataPlaces): Promise<TargetData> => {
  const { target } = parsed.recipe
  const images: Partial<ImageSettings> = target.images ?? {}
  const all = await inField(parsed, ['target', 'dataset'], () => openDataset(target.dataset, images, places))
  await inField(parsed, ['target', 'transforms'], () => composeTransforms(...transformsOf(target.transforms), ...transformsOf(target.augment)).outputShape(all.exampleShape))
  const common = { classes: all.task.classes, exampleShape: all.exampleShape }
  const few = (seed: number): Key => foldIn(randomKey(seed), 'few-shot')
  const perClass = (split: (count: number) => TargetSplit): Promise<TargetSplit> => inField(parsed, ['target', 'examplesPerClass'], () => split(target.examplesPerClass ?? all.size))
  if (target.test === 'rest') return { ...common, split: (seed) => perClass((count) => fewShotSplit(all, count, few(seed))) }

  const { test: testName } = target
  const test = await inField(parsed, ['target', 'test'], () => openDataset(testName, images, places))
  const wrong = (message: string): TransferkitError => parsed.error([{ path: ['target', 'test'], message }])
  if (test.task.classes.join('\n') !== all.task.classes.join('\n')) throw wrong(`${testName} has other classes than ${target.dataset}.`)
  if (test.exampleShape.join() !== all.exampleShape.join()) {
    throw wrong(`${testName} has images of shape [${test.exampleShape.join(', ')}], and ${target.dataset} of shape [${all.exampleShape.join(', ')}]. Give both one size with images.`)
  }
  if (target.examplesPerClass === undefined) return { ...common, split: () => Promise.resolve({ train: all, test }) }
  return { ...common, split: (seed) => perClass((count) => ({ train: fewShot(all, count, few(seed)), test })) }
}

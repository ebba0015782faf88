import { composeTransforms, fewShot, fewShotSplit } from '@transferkit/datasets'
import { type Dataset, foldIn, type Key, randomKey, type TransferkitError } from '@transferkit/tensor'
import type { ImageSettings, TargetSettings } from '../recipe/image-schemas.js'
import { inField } from '../recipe/in-field.js'
import type { FieldPath } from '../recipe/issues.js'
import type { RecipeErrors } from '../recipe/parse-recipe.js'
import { type DataPlaces, openDataset } from './open-dataset.js'
import { transformsOf } from './transforms.js'

/** Training and test examples of one seed. @internal */
export interface TargetSplit {
  /** What is trained on. */
  readonly train: Dataset
  /** What is tested on: all of it. */
  readonly test: Dataset
}

/** The data of a target. @internal */
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
 * Opens the data of a target.
 *
 * @param parsed The recipe.
 * @param target The target.
 * @param path Where it stands in the recipe.
 * @param places Where data sets are looked for.
 * @throws TransferkitError What opening a data set throws, and `recipe/invalid` for a data set, transform or number of examples that there is not.
 * @internal
 */
export const openTargetData = async (parsed: RecipeErrors, target: TargetSettings, path: FieldPath, places: DataPlaces): Promise<TargetData> => {
  const images: Partial<ImageSettings> = target.images ?? {}
  const all = await inField(parsed, [...path, 'dataset'], () => openDataset(target.dataset, images, places))
  await inField(parsed, [...path, 'transforms'], () => composeTransforms(...transformsOf(target.transforms), ...transformsOf(target.augment)).outputShape(all.exampleShape))
  const common = { classes: all.task.classes, exampleShape: all.exampleShape }
  const few = (seed: number): Key => foldIn(randomKey(seed), 'few-shot')
  const perClass = (split: (count: number) => TargetSplit): Promise<TargetSplit> => inField(parsed, [...path, 'examplesPerClass'], () => split(target.examplesPerClass ?? all.size))
  if (target.test === 'rest') return { ...common, split: (seed) => perClass((count) => fewShotSplit(all, count, few(seed))) }

  const { test: testName } = target
  const test = await inField(parsed, [...path, 'test'], () => openDataset(testName, images, places))
  const wrong = (message: string): TransferkitError => parsed.error([{ path: [...path, 'test'], message }])
  if (test.task.classes.join('\n') !== all.task.classes.join('\n')) throw wrong(`${testName} has other classes than ${target.dataset}.`)
  if (test.exampleShape.join() !== all.exampleShape.join()) {
    throw wrong(`${testName} has images of shape [${test.exampleShape.join(', ')}], and ${target.dataset} of shape [${all.exampleShape.join(', ')}]. Give both one size with images.`)
  }
  if (target.examplesPerClass === undefined) return { ...common, split: () => Promise.resolve({ train: all, test }) }
  return { ...common, split: (seed) => perClass((count) => ({ train: fewShot(all, count, few(seed)), test })) }
}

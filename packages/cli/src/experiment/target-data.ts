import { composeTransforms, normalise, type TextDataset } from '@transferkit/datasets'
import type { BatchTransform, Dataset, Shape, TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { inField } from '../recipe/in-field.js'
import type { FieldPath } from '../recipe/issues.js'
import type { RecipeErrors } from '../recipe/parse-recipe.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import { artefactRecord } from './artefact-record.js'
import { type DataPlaces, openDataset } from './open-dataset.js'
import { checkChannels, type RecipeImages } from './image-size.js'
import type { SourceNetwork } from './source-file.js'
import { heldOut, imageParts, type Parts, trainingPart, trainingPartAndRest } from './training-part.js'
import { transformsOf } from './transforms.js'

/** What is trained and tested with one seed. @internal */
export interface TargetSplit {
  /** What is trained on. */
  readonly train: Dataset
  /** What is tested on: all of it. */
  readonly test: Dataset
  /** The network that is transferred from, as it is for these examples. Whoever made the split frees it. */
  readonly source: TrainedNetwork
  /** What is done to each example. */
  readonly transforms: readonly BatchTransform[]
  /** How new examples are prepared for the model. */
  readonly record: Readonly<Record<string, unknown>>
  /** The texts themselves, for classifiers without a network. */
  readonly texts?: Parts<TextDataset>
}

/** The data of a target. @internal */
export interface TargetData {
  /** Names of the classes. */
  readonly classes: readonly string[]
  /** Its images; texts of any length fit. */
  readonly images?: RecipeImages
  /** What decides the numbers of a training beside target, seed and source. */
  readonly identity?: unknown
  /**
   * Shape of an example as the network sees it.
   *
   * @param source The source network, trained or not.
   * @throws TransferkitError `recipe/invalid` where the network does not take such examples.
   */
  inputShape(source: SourceNetwork): Shape
  /**
   * What is trained and tested with a seed; the same seed gives the same.
   *
   * @param seed The seed.
   * @param source The source network.
   */
  split(seed: number, source: SourceNetwork): Promise<TargetSplit>
  /** Frees what splits hold. */
  release(): void
}

/** The field that says how much is trained on. */
const sizeField = ({ trainShare, examplesPerClass, test }: TargetSettings): string => (examplesPerClass !== undefined ? 'examplesPerClass' : trainShare !== undefined ? 'trainShare' : typeof test === 'string' ? 'dataset' : 'test')

/**
 * Does what `test` of a target says: opens the split that it names, or cuts the set.
 *
 * @param parsed The recipe.
 * @param path Where the target stands in it.
 * @param all The whole set.
 * @param target The target.
 * @param open Opens another split by name.
 * @param parts How sets of this kind are cut.
 * @returns The examples of a seed.
 * @throws TransferkitError What opening a data set throws, and `recipe/invalid` where there are fewer examples than the target asks for.
 * @internal
 */
export const partsBySeed = async <Examples extends Pick<Dataset, 'name' | 'size' | 'labels' | 'task'>>(
  parsed: RecipeErrors,
  path: FieldPath,
  all: Examples,
  target: TargetSettings,
  open: (name: string) => Promise<Examples>,
  parts: Parameters<typeof trainingPart<Examples>>[3],
): Promise<(seed: number) => Promise<Parts<Examples>>> => {
  const { test: from } = target
  const { train, test } = await inField(parsed, [...path, 'test'], async () => {
    if (from === 'rest') return { train: all, test: undefined }
    return typeof from === 'string' ? { train: all, test: await open(from) } : heldOut(all, from.share, parts)
  })
  const partsOf = (seed: number): Promise<Parts<Examples>> =>
    inField(parsed, [...path, sizeField(target)], () => (test === undefined ? trainingPartAndRest(train, target, seed, parts) : { train: trainingPart(train, target, seed, parts), test }))
  // Whether there are enough examples is the same for all seeds, and is told before a source is trained.
  await partsOf(1)
  return partsOf
}

/**
 * Opens a target of images.
 *
 * @param parsed The recipe.
 * @param target The target.
 * @param path Where it stands in the recipe.
 * @param places Where data sets are looked for.
 * @throws TransferkitError What opening a data set throws, and `recipe/invalid` for a data set, transform or number of examples that there is not.
 * @internal
 */
export const openImageTarget = async (parsed: RecipeErrors, target: TargetSettings, path: FieldPath, places: DataPlaces): Promise<TargetData> => {
  const all = await inField(parsed, [...path, 'dataset'], () => openDataset(target.dataset, target, places))
  const seenShape = await inField(parsed, [...path, 'transforms'], () => composeTransforms(...transformsOf(target.transforms), ...transformsOf(target.augment)).outputShape(all.exampleShape))
  const images = { path: [...path, target.transforms.length === 0 ? 'dataset' : 'transforms'], dataset: target.dataset, shape: seenShape }
  const wrong = (message: string): TransferkitError => parsed.error([{ path: [...path, 'test'], message }])
  const openTest = async (name: string): Promise<Dataset> => {
    const test = await inField(parsed, [...path, 'test'], () => openDataset(name, target, places))
    if (test.task.classes.join('\n') !== all.task.classes.join('\n')) throw wrong(`${name} has other classes than ${target.dataset}.`)
    if (test.exampleShape.join() !== all.exampleShape.join()) {
      throw wrong(`${name} has images of shape [${test.exampleShape.join(', ')}], and ${target.dataset} of shape [${all.exampleShape.join(', ')}]. Give both one size with images.`)
    }
    return test
  }
  const partsOf = await partsBySeed(parsed, path, all, target, openTest, imageParts)
  return {
    classes: all.task.classes,
    images,
    inputShape: ({ trained }) => {
      checkChannels(parsed, images, trained.network)
      return seenShape
    },
    split: async (seed, { trained, record: { normalisation } }) => {
      const { train, test } = await partsOf(seed)
      return {
        train,
        test,
        source: trained,
        transforms: [...transformsOf(target.transforms), ...transformsOf(target.augment), ...(normalisation === undefined ? [] : [normalise(normalisation)])],
        record: normalisation === undefined ? {} : artefactRecord(target, all.exampleShape, normalisation),
      }
    },
    release: () => undefined,
  }
}

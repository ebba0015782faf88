import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { channelStatistics, composeTransforms, mapDataset, normalise } from '@transferkit/datasets'
import { scope, TransferkitError } from '@transferkit/tensor'
import { writeAtomically } from '@transferkit/training/node'
import { inField } from '../recipe/in-field.js'
import type { CommonRecipe } from '../recipe/common-schema.js'
import type { Normalisation } from '../recipe/image-schemas.js'
import type { FieldPath } from '../recipe/issues.js'
import type { ParsedRecipe } from '../recipe/parse-recipe.js'
import type { PretrainSettings, SourceSettings } from '../recipe/source-schema.js'
import { readsText } from '../recipe/text-problems.js'
import { networkOptionsSchema } from '../recipe/text-schemas.js'
import { startForImages } from './image-size.js'
import { locateFile } from './locate-file.js'
import { networkByName } from './network-by-name.js'
import { openDataset, pluginDataset } from './open-dataset.js'
import type { RecipeFile } from './read-recipe.js'
import { modelName, readModelFiles } from './model-files.js'
import { checkpointPath, pretrainSource, readExisting, resultText, type SourcePlaces, withTest } from './pretrain-source.js'
import { importModel, readSourceFile, releaseNetwork, type SourceNetwork, writeSourceFile } from './source-file.js'
import { trainTextSource, untrainedTextSource } from './text-source.js'
import { imageParts } from './training-part.js'
import { transformsOf } from './transforms.js'
import { wrongOption } from './wrong-option.js'

/** What decides the numbers of a source network. Change the version when the training changes what it computes. */
const keyOf = (source: SourceSettings, backend: string, code: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify({ version: 2, source, backend, ...(code.length === 0 ? {} : { code }) }))
    .digest('hex')
    .slice(0, 20)

/** Hashes of the code of the plugins whose network and data sets a source is made of. */
const codeFor = (source: SourceSettings, { definitions }: SourcePlaces): readonly string[] => {
  const { dataset = '', test } = source.pretrain ?? {}
  const used = [definitions.networks.get(networkOf(source)), pluginDataset(dataset, definitions), typeof test === 'string' ? pluginDataset(test, definitions) : undefined]
  return used.flatMap((definition) => (definition === undefined ? [] : (definitions.code.get(definition) ?? [])))
}

/** The name of the network that a recipe asks for; the schema demands one where there is no model that says it itself. */
const networkOf = ({ network = '' }: SourceSettings): string => network

/**
 * Makes sure that the network that a recipe names is one, and takes its options.
 *
 * @param file The recipe.
 * @throws TransferkitError `recipe/invalid` with the nearest name.
 * @internal
 */
export const checkNetwork = ({ recipe: { source }, error, definitions: { networks } }: RecipeFile): void => {
  const { options, classes = 10 } = source
  const name = networkOf(source)
  try {
    if (source.model === undefined) networkByName(name, { classes, options }, networks)
  } catch (cause) {
    if (!TransferkitError.isInstance(cause)) throw cause
    const wrong = cause.code === 'network/options' ? wrongOption(networks.get(name)?.optionsSchema ?? networkOptionsSchema, options) : []
    const field = new Map<string, FieldPath>([
      ['network/unknown', ['network']],
      ['network/no-options', ['options']],
      ['network/options', ['options', ...wrong]],
      ['nlp/network-options', ['options']],
    ]).get(cause.code)
    if (field === undefined) throw cause
    throw error([{ path: ['source', ...field], atName: wrong.length > 0, message: cause.message }])
  }
}

/** A file of the user's own with its bytes. */
const findFile = async (file: string, what: string, places: SourcePlaces): Promise<{ readonly path: string; readonly bytes: Uint8Array }> => {
  const path = await locateFile(file, { what: `The ${what} of the source network`, code: 'data/no-weights' }, places)
  return { path, bytes: await readFile(path) }
}

const fromFile = async ({ recipe: { source }, error }: ParsedRecipe<CommonRecipe>, weights: string, places: SourcePlaces): Promise<SourceNetwork> => {
  const { path, bytes } = await findFile(weights, 'weights', places)
  const { classes, normalise: normalisation, dataset = 'weights from a file' } = source
  const expected = normalisation === undefined ? undefined : { network: networkOf(source), ...(classes === undefined ? {} : { classes }), dataset, normalisation }
  try {
    return readSourceFile(bytes, path, places.definitions.networks, expected)
  } catch (cause) {
    if (!TransferkitError.isInstance(cause) || cause.code !== 'safetensors/no-record') throw cause
    throw error([{ path: ['source'], message: `${weights} says nothing of its network, so normalise (the mean and standardDeviation of each channel) has to be given beside it.` }])
  }
}

const fromModel = async ({ recipe: { source }, error }: ParsedRecipe<CommonRecipe>, model: string, places: SourcePlaces): Promise<SourceNetwork> => {
  const { normalise: normalisation, taps, dataset = 'a TensorFlow.js model' } = source
  if (normalisation === undefined) {
    throw error([{ path: ['source'], message: 'a TensorFlow.js model does not say how its images are normalised; give normalise: the mean and standardDeviation of each channel, of values from 0 to 1. Values from -1 to 1 are mean [0.5, 0.5, 0.5] and standardDeviation [0.5, 0.5, 0.5].' }])
  }
  const { path } = await findFile(model, 'model', places)
  const files = { ...(await readModelFiles(path)), ...(taps === undefined ? {} : { taps }) }
  const trained = await inField({ error }, taps === undefined ? ['source', 'model'] : ['source', 'taps'], () => importModel(files, modelName(path), path))
  const { name, classes, inputShape } = trained.network
  return { trained, model: files, record: { network: name, classes, inputShape: [...inputShape], dataset, normalisation } }
}

const train = async (parsed: ParsedRecipe<CommonRecipe>, settings: PretrainSettings, folder: string, places: SourcePlaces): Promise<SourceNetwork> => {
  const { source } = parsed.recipe
  const path = ['source', 'pretrain']
  const all = await inField(parsed, [...path, 'dataset'], () => openDataset(settings.dataset, settings, places))
  // Opened before the training, so that a wrong name is not found after it.
  const { train: dataset, test } = await inField(parsed, [...path, 'test'], () => withTest(all, settings.test, (name) => openDataset(name, settings, places), imageParts))
  const transforms = transformsOf(settings.transforms)
  const seen = await inField(parsed, [...path, 'transforms'], () => (transforms.length === 0 ? dataset : mapDataset(dataset, composeTransforms(...transforms))))
  const normalisation: Normalisation = source.normalise ?? mutable(await channelStatistics(seen))
  const { options } = source
  const network = networkByName(networkOf(source), { classes: dataset.task.classes.length, inputShape: seen.exampleShape, options }, places.definitions.networks)
  const known = { network: networkOf(source), classes: network.classes, inputShape: [...network.inputShape], dataset: settings.dataset, normalisation, ...(options === undefined ? {} : { options }) }
  scope(() => {
    const variables = startForImages(parsed, { path: [...path, transforms.length === 0 ? 'dataset' : 'transforms'], dataset: settings.dataset, shape: seen.exampleShape }, network)
    places.check?.({ trained: { network, variables }, record: known })
  })
  const { variables, accuracy } = await pretrainSource({ network, dataset, test, settings, transforms: [...transforms, ...transformsOf(settings.augment), normalise(normalisation)] }, folder, places)
  return { trained: { network, variables }, record: { ...known, ...(accuracy === undefined ? {} : { accuracy }) } }
}

const mutable = ({ mean, standardDeviation }: { readonly mean: readonly number[]; readonly standardDeviation: readonly number[] }): Normalisation => ({ mean: [...mean], standardDeviation: [...standardDeviation] })

/**
 * Gets the source network of a recipe: from a file, or trained as the recipe says, or from the cache where that was done before.
 *
 * @param parsed The recipe.
 * @param places Where to look and to keep it.
 * @returns The network; the caller releases it with {@link releaseSource}.
 * @throws TransferkitError `data/no-weights`, and what reading data and training throw.
 * @internal
 */
export const obtainSource = async (parsed: ParsedRecipe<CommonRecipe>, places: SourcePlaces): Promise<SourceNetwork> => {
  const { source } = parsed.recipe
  const isText = readsText(source)
  if (source.weights !== undefined) return fromFile(parsed, source.weights, places)
  if (source.model !== undefined) return fromModel(parsed, source.model, places)
  const { pretrain: settings } = source
  if (source.untrained === true) return untrainedTextSource(parsed, places)
  // The schema demands one of the three.
  if (settings === undefined) throw new TransferkitError('recipe/invalid', 'source: give pretrain, weights, model or untrained.')
  const folder = join(places.cache, 'sources', keyOf(source, places.runtime.backend, codeFor(source, places)))
  const path = join(folder, 'model.safetensors')
  const kept = await readExisting(path)
  if (kept !== undefined) {
    const cached = readSourceFile(kept, path, places.definitions.networks)
    places.progress.note(`Source ${networkOf(source)}: trained before${resultText(cached.record, settings)}`)
    return cached
  }
  await mkdir(folder, { recursive: true })
  const made = await (isText ? trainTextSource : train)(parsed, settings, folder, places)
  await writeAtomically(path, await writeSourceFile(made))
  await rm(checkpointPath(folder), { force: true })
  return made
}

/**
 * Frees a source network.
 *
 * @internal
 */
export const releaseSource = ({ trained }: SourceNetwork): void => releaseNetwork(trained)

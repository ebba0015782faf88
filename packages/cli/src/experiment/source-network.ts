import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { channelStatistics, composeTransforms, mapDataset, normalise } from '@transferkit/datasets'
import type { Runtime } from '@transferkit/runtime'
import { TransferkitError } from '@transferkit/tensor'
import { evaluate, pretrain } from '@transferkit/training'
import { writeAtomically } from '@transferkit/training/node'
import { inField } from '../recipe/in-field.js'
import type { CommonRecipe } from '../recipe/common-schema.js'
import type { Normalisation } from '../recipe/image-schemas.js'
import type { ParsedRecipe } from '../recipe/parse-recipe.js'
import type { PretrainSettings, SourceSettings } from '../recipe/source-schema.js'
import { decimal } from '../report/format.js'
import { followTraining } from './follow-training.js'
import { type DataPlaces, openDataset } from './open-dataset.js'
import { modelName, readModelFiles } from './model-files.js'
import { importModel, networkByName, readSourceFile, releaseNetwork, type SourceNetwork, writeSourceFile } from './source-file.js'
import { optimiserOf, scheduleOf } from './training-settings.js'
import { transformsOf } from './transforms.js'

/** Where source networks come from and are kept. @internal */
export interface SourcePlaces extends DataPlaces {
  /** The backend that trains: a network that another one has trained has other numbers. */
  readonly runtime: Pick<Runtime, 'backend' | 'compile'>
}

/** What decides the numbers of a source network. Change the version when the training changes what it computes. */
const keyOf = (source: SourceSettings, backend: string): string => createHash('sha256').update(JSON.stringify({ version: 2, source, backend })).digest('hex').slice(0, 20)

/** The name of the network that a recipe asks for; the schema demands one where there is no model that says it itself. */
const networkOf = ({ network = '' }: SourceSettings): string => network

/**
 * Makes sure that the network that a recipe names is one.
 *
 * @param parsed The recipe.
 * @throws TransferkitError `recipe/invalid` with the nearest name.
 * @internal
 */
export const checkNetwork = ({ recipe: { source }, error }: ParsedRecipe<CommonRecipe>): void => {
  try {
    if (source.model === undefined) networkByName(networkOf(source), source.classes ?? 10)
  } catch (cause) {
    if (!TransferkitError.isInstance(cause) || cause.code !== 'network/unknown') throw cause
    throw error([{ path: ['source', 'network'], message: cause.message }])
  }
}

const readExisting = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(path)
  } catch (error) {
    // Any other failure is worth telling.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The first of the places where a file of the user's own may lie. */
const findFile = async (file: string, what: string, places: SourcePlaces): Promise<{ readonly path: string; readonly bytes: Uint8Array }> => {
  const candidates = [resolve(places.folder, file), ...(places.dataDir === undefined ? [] : [resolve(places.dataDir, file)])]
  for (const path of candidates) {
    const bytes = await readExisting(path)
    if (bytes !== undefined) return { path, bytes }
  }
  throw new TransferkitError('data/no-weights', `The ${what} ${file} of the source network ${what === 'weights' ? 'are' : 'is'} neither at ${candidates.join(' nor at ')}. ${places.dataDir === undefined ? 'Give the folder that holds it with --data-dir.' : ''}`.trimEnd())
}

const fromFile = async ({ recipe: { source }, error }: ParsedRecipe<CommonRecipe>, weights: string, places: SourcePlaces): Promise<SourceNetwork> => {
  const { path, bytes } = await findFile(weights, 'weights', places)
  const { classes, normalise: normalisation, dataset = 'weights from a file' } = source
  const expected = normalisation === undefined ? undefined : { network: networkOf(source), ...(classes === undefined ? {} : { classes }), dataset, normalisation }
  try {
    return readSourceFile(bytes, path, expected)
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
  const trained = await inField({ error }, taps === undefined ? ['source', 'model'] : ['source', 'taps'], () => importModel(files, modelName(path)))
  const { name, classes, inputShape } = trained.network
  return { trained, model: files, record: { network: name, classes, inputShape: [...inputShape], dataset, normalisation } }
}

const train = async (parsed: ParsedRecipe<CommonRecipe>, settings: PretrainSettings, folder: string, places: SourcePlaces): Promise<SourceNetwork> => {
  const { progress, signal, runtime } = places
  const { source } = parsed.recipe
  const path = ['source', 'pretrain']
  const dataset = await inField(parsed, [...path, 'dataset'], () => openDataset(settings.dataset, settings.images ?? {}, places))
  // Opened before the training, so that a wrong name is not found after it.
  const { test: testName } = settings
  const test = testName === undefined ? undefined : await inField(parsed, [...path, 'test'], () => openDataset(testName, settings.images ?? {}, places))
  const transforms = transformsOf(settings.transforms)
  const seen = await inField(parsed, [...path, 'transforms'], () => (transforms.length === 0 ? dataset : mapDataset(dataset, composeTransforms(...transforms))))
  const normalisation: Normalisation = source.normalise ?? mutable(await channelStatistics(seen))
  const network = networkByName(networkOf(source), dataset.task.classes.length, seen.exampleShape)
  const checkpoint = checkpointPath(folder)
  const resumeFrom = await readExisting(checkpoint)
  const run = pretrain({
    network,
    dataset,
    seed: settings.seed,
    ...(settings.steps === undefined ? {} : { steps: settings.steps }),
    ...(settings.epochs === undefined ? {} : { epochs: settings.epochs }),
    batchSize: settings.batchSize,
    optimiser: optimiserOf(settings),
    schedule: scheduleOf(settings),
    transforms: [...transforms, ...transformsOf(settings.augment), normalise(normalisation)],
    compile: runtime.compile,
    checkpointEvery: 200,
    saveCheckpoint: (bytes) => writeAtomically(checkpoint, bytes),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
    signal,
  })
  const label = `Train the source, ${networkOf(source)}`
  const trained = await followTraining(run, label, progress)
  const accuracy =
    test === undefined
      ? undefined
      : (await evaluate((inputs) => network.apply(trained.variables, inputs, { training: false }).output, test, { transforms: [...transforms, normalise(normalisation)] })).accuracy
  progress.note(`${label}: done in ${decimal(trained.seconds)} s${accuracy === undefined ? '' : `, ${decimal(100 * accuracy)} % of ${settings.test ?? ''} right`}`)
  return {
    trained: { network, variables: trained.variables },
    record: { network: networkOf(source), classes: network.classes, inputShape: [...network.inputShape], dataset: settings.dataset, normalisation, ...(accuracy === undefined ? {} : { accuracy }) },
  }
}

const checkpointPath = (folder: string): string => join(folder, 'checkpoint.safetensors')

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
  if (source.weights !== undefined) return fromFile(parsed, source.weights, places)
  if (source.model !== undefined) return fromModel(parsed, source.model, places)
  const { pretrain: settings } = source
  // The schema demands one of the three.
  if (settings === undefined) throw new TransferkitError('recipe/invalid', 'source: give pretrain, weights or model.')
  const folder = join(places.cache, 'sources', keyOf(source, places.runtime.backend))
  const path = join(folder, 'model.safetensors')
  const kept = await readExisting(path)
  if (kept !== undefined) {
    const cached = readSourceFile(kept, path)
    const { accuracy } = cached.record
    places.progress.note(`Source ${networkOf(source)}: trained before${accuracy === undefined ? '' : `, ${decimal(100 * accuracy)} % of ${settings.test ?? ''} right`}`)
    return cached
  }
  await mkdir(folder, { recursive: true })
  const made = await train(parsed, settings, folder, places)
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

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BatchTransform, type Dataset, inference, type Network, type TrainedNetwork } from '@transferkit/tensor'
import { evaluate, pretrain, type TrainingSettings } from '@transferkit/training'
import { writeAtomically } from '@transferkit/training/node'
import type { PretrainSettings } from '../recipe/source-schema.js'
import { decimal } from '../report/format.js'
import { followTraining } from './follow-training.js'
import type { OpenedRuntime } from './open-backend.js'
import type { DataPlaces } from './open-dataset.js'
import type { SourceNetwork, SourceRecord } from './source-file.js'
import { heldOut } from './training-part.js'
import { optionsOf } from './training-settings.js'

/** Where source networks come from and are kept. @internal */
export interface SourcePlaces extends DataPlaces {
  /** The backend that trains: a network that another one has trained has other numbers. */
  readonly runtime: Pick<OpenedRuntime, 'backend' | 'compile'>
  /**
   * Asked before a source is trained whether it will do; it throws where it will not.
   *
   * @param untrained The network with random weights, which are freed afterwards.
   */
  readonly check?: (untrained: SourceNetwork) => void
}

/** What a source network is trained on. @internal */
export interface SourceTraining {
  /** The network. */
  readonly network: Network
  /** What it is trained on. */
  readonly dataset: Dataset
  /** What it is tested on. */
  readonly test: Dataset | undefined
  /** How it is trained. */
  readonly settings: PretrainSettings
  /** What is done to the examples. */
  readonly transforms: readonly BatchTransform[]
}

/**
 * The file that an interrupted training of a source goes on from.
 *
 * @internal
 */
export const checkpointPath = (folder: string): string => join(folder, 'checkpoint.safetensors')

/**
 * The bytes of a file, where there is one.
 *
 * @internal
 */
export const readExisting = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(path)
  } catch (error) {
    // Any other failure is worth telling.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Cuts off what a source is tested on, or opens it.
 *
 * @internal
 */
export const withTest = async <Examples extends Pick<Dataset, 'name' | 'size' | 'labels' | 'task'>>(
  all: Examples,
  from: PretrainSettings['test'],
  open: (name: string) => Promise<Examples>,
  parts: Parameters<typeof heldOut<Examples>>[2],
): Promise<{ readonly train: Examples; readonly test: Examples | undefined }> => {
  if (from === undefined) return { train: all, test: undefined }
  return typeof from === 'string' ? { train: all, test: await open(from) } : heldOut(all, from.share, parts)
}

/**
 * What a source network reached, for people.
 *
 * @internal
 */
export const resultText = ({ accuracy, perplexity }: Pick<SourceRecord, 'accuracy' | 'perplexity'>, { test }: PretrainSettings): string =>
  [
    ...(accuracy === undefined ? [] : [`, ${decimal(100 * accuracy)} % of ${typeof test === 'string' ? test : 'the examples held out'} right`]),
    ...(perplexity === undefined ? [] : [`, perplexity ${decimal(perplexity)} on ${typeof test === 'string' ? test : 'the texts held out'}`]),
  ].join('')

/**
 * How a source is trained, from its checkpoint where it was stopped before.
 *
 * @param settings What the recipe says.
 * @param folder Where its checkpoint is kept.
 * @param places Backend and signal.
 * @internal
 */
export const sourceTraining = async (settings: PretrainSettings, folder: string, { runtime, signal }: Pick<SourcePlaces, 'runtime' | 'signal'>): Promise<TrainingSettings> => {
  await mkdir(folder, { recursive: true })
  const checkpoint = checkpointPath(folder)
  const resumeFrom = await readExisting(checkpoint)
  return {
    ...optionsOf(settings),
    compile: runtime.compile,
    checkpointEvery: 200,
    saveCheckpoint: (bytes) => writeAtomically(checkpoint, bytes),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
    signal,
  }
}

/**
 * Trains a source network by classification, from its checkpoint where it was stopped before, and tests it.
 *
 * @param training Network and data.
 * @param folder Where its checkpoint is kept.
 * @param places Backend, and where progress is shown.
 * @throws TransferkitError What training throws.
 * @internal
 */
export const pretrainSource = async (
  { network, dataset, test, settings, transforms }: SourceTraining,
  folder: string,
  { progress, signal, runtime }: SourcePlaces,
): Promise<{ readonly variables: TrainedNetwork['variables']; readonly accuracy?: number }> => {
  const run = pretrain({ network, dataset, seed: settings.seed, ...(await sourceTraining(settings, folder, { runtime, signal })), transforms })
  const label = `Train the source, ${network.name}`
  const { variables, seconds } = await followTraining(run, label, progress)
  const tested = test === undefined ? undefined : await evaluate((inputs) => network.apply(variables, inputs, inference).output, test, { transforms: transforms.filter(({ deterministic }) => deterministic) })
  progress.note(`${label}: done in ${decimal(seconds)} s${resultText(tested === undefined ? {} : { accuracy: tested.accuracy }, settings)}`)
  return { variables, ...(tested === undefined ? {} : { accuracy: tested.accuracy }) }
}

import { readFile } from 'node:fs/promises'
import { type AnyTensor, inference, leavesOf, type Logits, network as makeNetwork, release, type Tensor, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { loadArtefact, readSafetensors, readTransferConfig, type SafetensorsEntry } from '@transferkit/training'
import { readArtefact } from '@transferkit/training/node'
import { classesOfPytorch, comparePytorch, importPytorch, type PytorchCode, pytorchNames, recognisePytorch } from '@transferkit/vision'
import { normalise } from '@transferkit/datasets'
import { inArtefact } from '../experiment/artefact-folder.js'
import { readArtefactRecord } from '../experiment/artefact-record.js'
import { readArtefactSource } from '../experiment/artefact-source.js'
import { modelName, readModelFiles } from '../experiment/model-files.js'
import { networkByName } from '../experiment/network-by-name.js'
import type { Definitions } from '../experiment/definitions.js'
import { importModel, type ModelFiles, readSourceFile, releaseNetwork, type SourceRecord } from '../experiment/source-file.js'
import { readTextRecord } from '../experiment/text-record.js'
import { transformsOf } from '../experiment/transforms.js'
import type { Input } from './formats.js'

/** How the tensors of a file and those of the network correspond, in numbers. @internal */
export interface TensorCounts {
  /** Tensors that are there and fit. */
  readonly matched: number
  /** Names of tensors that the file has not. */
  readonly missing: readonly string[]
  /** Names of tensors that the network has not. */
  readonly unexpected: readonly string[]
  /** Names of tensors of another shape. */
  readonly misshapen: readonly string[]
}

/** A network that was read. @internal */
export interface ReadNetwork {
  /** The network. */
  readonly trained: TrainedNetwork
  /** What is known of it; the normalisation may not be. */
  readonly record: SourceRecord
  /** The TensorFlow.js model that it was made from. */
  readonly model?: ModelFiles
  /** How the tensors of a PyTorch file fitted. */
  readonly tensors?: TensorCounts
  /**
   * What it computed before anything was changed.
   *
   * @param inputs One batch.
   */
  logits(inputs: Tensor): Logits
  /** Frees it. */
  release(): void
}

/** What the user says of what is read. @internal */
export interface ReadOptions {
  /** Name of the network in a PyTorch file. */
  readonly network?: string
  /** Its number of classes. */
  readonly classes?: number
  /** Whose names its tensors have. */
  readonly names?: PytorchCode
  /** Source network of an artefact. */
  readonly source?: string
  /** Where the strategy of an artefact, and a network, are looked up. */
  readonly definitions: Definitions
}

const ofNetwork = (trained: TrainedNetwork): Pick<ReadNetwork, 'trained' | 'logits' | 'release'> => ({
  trained,
  logits: (inputs) => trained.network.apply(trained.variables, inputs, inference).output,
  release: () => releaseNetwork(trained),
})

const guessedName = (entries: readonly SafetensorsEntry[], path: string): string => {
  const guess = recognisePytorch(entries)
  if (guess?.exact === true) return guess.architecture
  const near = guess === undefined ? 'They are like those of no network that Transferkit has.' : `They are most like those of ${guess.architecture}: ${guess.named} of its ${guess.expected} names are there.`
  throw new TransferkitError('convert/unknown-network', `${path}: the tensors are not exactly those of a network that Transferkit knows. ${near} Say with --network which one it is, and the tensors that do not fit are listed.`)
}

const readPytorch = async (path: string, { network: told, classes, names: code, definitions: { networks } }: ReadOptions): Promise<ReadNetwork> => {
  const { entries } = readSafetensors(await readFile(path), path)
  const name = told ?? guessedName(entries, path)
  const namesFor = (of: TrainedNetwork['network']): [] | [ReturnType<typeof pytorchNames>] => (code === undefined ? [] : [pytorchNames(of, code)])
  const anyClasses = networkByName(name, { classes: 1 }, networks)
  const network = networkByName(name, { classes: classes ?? classesOfPytorch(anyClasses, entries, ...namesFor(anyClasses)) }, networks)
  const { matched, missing, unexpected, misshapen } = comparePytorch(network, entries, ...namesFor(network))
  return {
    ...ofNetwork({ network, variables: importPytorch(network, entries, ...namesFor(network)) }),
    record: { network: name, classes: network.classes, inputShape: [...network.inputShape], dataset: 'weights from PyTorch' },
    tensors: { matched: matched.length, missing, unexpected, misshapen: misshapen.map((tensor) => tensor.name) },
  }
}

const readModel = async (path: string): Promise<ReadNetwork> => {
  const model = await readModelFiles(path)
  const trained = importModel(model, modelName(path), path)
  const { name, classes, inputShape } = trained.network
  return { ...ofNetwork(trained), model, record: { network: name, classes, inputShape: [...inputShape], dataset: 'a TensorFlow.js model' } }
}

/** The plain network that a transferred model can be folded into. */
const readTransferred = async (path: string, { source: given, definitions: { methods, networks } }: ReadOptions): Promise<ReadNetwork> => {
  const artefact = await readArtefact(path)
  const config = await inArtefact(path, () => readTransferConfig(artefact.config))
  if (readTextRecord(config.record) !== undefined) throw new TransferkitError('convert/text', `${path}: is a model for texts, which no other format has a place for: its vocabulary would be lost. Use it with "transferkit predict" or loadArtefact of @transferkit/training.`)
  const prepared = readArtefactRecord(config.record)
  const transforms = prepared === undefined ? [] : [...transformsOf(prepared.transforms), normalise(prepared.normalisation)]
  const source = await readArtefactSource(path, given, networks)
  const releaseSource = (): void => releaseNetwork(source.trained)
  try {
    const loaded = await inArtefact(path, () => loadArtefact({ artefact, source: source.trained, strategies: [...methods.values()], transforms }))
    const folded = loaded.program.fold?.(loaded.variables)
    if (folded === undefined) {
      loaded.release()
      throw new TransferkitError('convert/no-fold', `${path}: a model of the strategy ${config.strategy.name} is no plain network and cannot be folded into one, so it only runs with Transferkit.`)
    }
    // Folding makes some tensors anew and takes the others over from the model, which frees its own.
    const own = new Set(leavesOf<AnyTensor>({ ...loaded.variables, source: { params: source.trained.variables.params, state: source.trained.variables.state } }).map(({ id }) => id))
    const { record, model } = source
    // The images that it was trained on may have another size than those of the source.
    const network = makeNetwork({ ...folded.network, inputShape: config.inputShape })
    const trained = { ...folded, network }
    return {
      trained,
      record: { ...record, classes: network.classes, inputShape: [...network.inputShape], dataset: `${record.dataset}, then ${config.trainedWith.name}`, classNames: [...config.task.classes] },
      ...(model === undefined ? {} : { model: { ...model, isChanged: true } }),
      logits: loaded.logits,
      release: () => {
        release(leavesOf<AnyTensor>({ params: trained.variables.params, state: trained.variables.state }).filter(({ id }) => !own.has(id)))
        loaded.release()
        releaseSource()
      },
    }
  } catch (error) {
    releaseSource()
    throw error
  }
}

/**
 * Reads a network in any of the formats.
 *
 * @param input What to read.
 * @param options What the user says of it.
 * @returns The network; the caller releases it.
 * @throws TransferkitError `convert/unknown-network` when a PyTorch file is of no network that is known, `convert/no-fold` when a model is no plain network, and what reading the file throws.
 * @internal
 */
export const readNetwork = async ({ format, path }: Input, options: ReadOptions): Promise<ReadNetwork> => {
  switch (format) {
    case 'pytorch':
      return readPytorch(path, options)
    case 'tfjs':
      return readModel(path)
    case 'artefact':
      return readTransferred(path, options)
    case 'transferkit': {
      const { trained, record, model, vocabulary } = readSourceFile(await readFile(path), path, options.definitions.networks)
      if (vocabulary !== undefined) {
        releaseNetwork(trained)
        throw new TransferkitError('convert/text', `${path}: is a network for texts, which no other format has a place for: its vocabulary would be lost. Name the file in source.weights of a recipe.`)
      }
      return { ...ofNetwork(trained), record, ...(model === undefined ? {} : { model }) }
    }
  }
}

import { loadVocabulary, saveVocabulary, type Vocabulary } from '@transferkit/datasets'
import { type Network, release, type TrainedNetwork, TransferkitError, withClasses } from '@transferkit/tensor'
import { loadNetwork, readSafetensors, type Safetensors, type SafetensorsEntry, saveNetwork, writeSafetensors } from '@transferkit/training'
import { classesOfPytorch, importPytorch, importTfjsModel } from '@transferkit/vision'
import { z } from 'zod'
import type { Definitions } from './definitions.js'
import { errorAbout } from './error-about.js'
import { networkByName } from './network-by-name.js'
import { asStored } from './stored-structure.js'

const normalisation = z.object({ mean: z.array(z.number()), standardDeviation: z.array(z.number()) })
const vectors = z.object({ file: z.string(), width: z.int().positive(), found: z.int().nonnegative(), coverage: z.number() })

const recordSchema = z.object({
  network: z.string(),
  classes: z.int().positive(),
  inputShape: z.array(z.int().positive()),
  dataset: z.string(),
  options: z.record(z.string(), z.unknown()).exactOptional(),
  // Networks for texts have none.
  normalisation: normalisation.exactOptional(),
  accuracy: z.number().optional(),
  perplexity: z.number().exactOptional(),
  vectors: vectors.exactOptional(),
  classNames: z.array(z.string()).optional(),
})

/** What is known of a source network beside its numbers. @internal */
export type SourceRecord = z.infer<typeof recordSchema>

/** The TensorFlow.js model that a network was made from. @internal */
export interface ModelFiles {
  /** What `model.json` holds. */
  readonly modelJson: unknown
  /** Its weights: all shards joined in the order of the manifest. */
  readonly weights: Uint8Array
  /** Layers that taps were asked for; all of them unless told. */
  readonly taps?: readonly string[]
  /** Whether the network has changed since, so that its tensors are no longer the model's. */
  readonly isChanged?: boolean
}

/** A source network with what is known of it. @internal */
export interface SourceNetwork {
  /** The network with what it has learned; whoever has it releases its variables. */
  readonly trained: TrainedNetwork
  /** What it is and how its inputs are normalised. */
  readonly record: SourceRecord
  /** The TensorFlow.js model that it was made from, where its architecture is none of ours. */
  readonly model?: ModelFiles
  /** The words that it knows, with their tokeniser, where it reads texts. */
  readonly vocabulary?: Vocabulary
}

/** What a recipe says of a PyTorch file, which says nothing of itself. @internal */
export interface ExpectedSource extends Required<Pick<SourceRecord, 'network' | 'dataset' | 'normalisation'>> {
  /** Number of classes; told by the shape of the head unless given. */
  readonly classes?: number
}

const modelName = 'transferkit.model'
const weightsName = 'model.weights'
const modelSchema = z.object({ modelJson: z.unknown(), taps: z.array(z.string()).optional() })

const recordName = 'transferkit.source'
const vocabularyName = 'transferkit.vocabulary'

/**
 * The network of a TensorFlow.js model.
 *
 * @param model Its files.
 * @param name Name of the network in reports.
 * @param what The file that it was read from, for messages.
 * @throws TransferkitError What the import throws, with the name of the file.
 * @internal
 */
export const importModel = ({ modelJson, weights, taps }: ModelFiles, name: string, what: string): TrainedNetwork => {
  try {
    return importTfjsModel({ modelJson, weights, name, ...(taps === undefined ? {} : { taps }) })
  } catch (cause) {
    throw errorAbout(what, cause)
  }
}

/** The model's own files: a graph cannot be rebuilt without its constants, which are among the weights. */
const modelEntries = (model: ModelFiles | undefined): readonly SafetensorsEntry[] => (model === undefined ? [] : [{ name: weightsName, dtype: 'U8', shape: [model.weights.length], data: model.weights }])

const modelText = ({ modelJson, taps }: ModelFiles): string => JSON.stringify({ modelJson, ...(taps === undefined ? {} : { taps }) })

/**
 * A source network as the bytes of a safetensors file, with its record in the metadata.
 *
 * @internal
 */
export const writeSourceFile = async ({ trained, record, model, vocabulary }: SourceNetwork): Promise<Uint8Array> => {
  const { entries, metadata } = readSafetensors(await saveNetwork(trained))
  const own = model === undefined || model.isChanged === true ? entries : []
  return writeSafetensors([...own, ...modelEntries(model)], {
    ...metadata,
    [recordName]: JSON.stringify(record),
    ...(model === undefined ? {} : { [modelName]: modelText(model) }),
    ...(vocabulary === undefined ? {} : { [vocabularyName]: saveVocabulary(vocabulary) }),
  })
}

const damaged = (what: string, cause: unknown): TransferkitError =>
  new TransferkitError('safetensors/corrupt', `${what}: what it says of its network is damaged. Make the file again with "transferkit pretrain" or "transferkit convert".`, { cause })

const recordOf = ({ metadata }: Safetensors, what: string): SourceRecord | undefined => {
  const text = metadata[recordName]
  if (text === undefined) return undefined
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw damaged(what, cause)
  }
}

const modelOf = ({ metadata, entries }: Safetensors, what: string): ModelFiles | undefined => {
  const text = metadata[modelName]
  if (text === undefined) return undefined
  try {
    const { modelJson, taps } = modelSchema.parse(JSON.parse(text))
    const weights = entries.find(({ name }) => name === weightsName)?.data
    if (weights === undefined) throw new RangeError(`There is no ${weightsName}.`)
    return { modelJson, weights, ...(taps === undefined ? {} : { taps }), isChanged: entries.length > 1 }
  } catch (cause) {
    throw damaged(what, cause)
  }
}

/** A network of ours as it was stored, which may have been folded, with the tensors of the file. */
const loadStored = (network: Network, { entries }: Safetensors, bytes: Uint8Array, classes: number): TrainedNetwork =>
  loadNetwork(asStored(network.classes === classes ? network : withClasses(network, classes), new Set(entries.map(({ name }) => name))), bytes)

const fromModel = (file: Safetensors, bytes: Uint8Array, model: ModelFiles, record: SourceRecord, what: string): SourceNetwork => {
  const imported = importModel(model, record.network, what)
  if (model.isChanged !== true) return { record, model, trained: imported }
  try {
    return { record, model, trained: loadStored(imported.network, file, bytes, record.classes) }
  } finally {
    releaseNetwork(imported)
  }
}

/** A network by its record, with its vocabulary where it reads texts. */
const ofRecord = (file: Safetensors, bytes: Uint8Array, record: SourceRecord, what: string, networks: Definitions['networks']): SourceNetwork => {
  const text = file.metadata[vocabularyName]
  const vocabulary = text === undefined ? undefined : loadVocabulary(text, { name: what })
  const { network: name, classes, inputShape, options } = record
  const network = networkByName(name, { classes, inputShape, options, ...(vocabulary === undefined ? {} : { vocabulary: vocabulary.size }) }, networks)
  return { record, trained: loadStored(network, file, bytes, classes), ...(vocabulary === undefined ? {} : { vocabulary }) }
}

const fromPytorch = ({ entries }: Safetensors, { network: name, classes, dataset, normalisation: expected }: ExpectedSource, networks: Definitions['networks']): SourceNetwork => {
  const network = networkByName(name, { classes: classes ?? classesOfPytorch(networkByName(name, { classes: 1 }, networks), entries) }, networks)
  const record = { network: name, classes: network.classes, inputShape: [...network.inputShape], dataset, normalisation: expected }
  return { record, trained: { network, variables: importPytorch(network, entries) } }
}

/**
 * Reads a source network from a file that {@link writeSourceFile} made, or from tensors under the names of the network's PyTorch code.
 *
 * @param bytes The file.
 * @param what Its name, for messages.
 * @param networks Networks of plugins.
 * @param expected What the recipe says of a file that says nothing of itself.
 * @throws TransferkitError `safetensors/corrupt`, `safetensors/does-not-fit`, `pytorch/mismatch`, `network/unknown`.
 * @internal
 */
export const readSourceFile = (bytes: Uint8Array, what: string, networks: Definitions['networks'], expected?: ExpectedSource): SourceNetwork => {
  const file = readSafetensors(bytes, what)
  const record = recordOf(file, what)
  if (record !== undefined) {
    const model = modelOf(file, what)
    return model === undefined ? ofRecord(file, bytes, record, what, networks) : fromModel(file, bytes, model, record, what)
  }
  if (expected === undefined) throw new TransferkitError('safetensors/no-record', `${what}: it does not say which network it holds. It has to be a file that "transferkit pretrain" or "transferkit convert" made, or the recipe has to say what it is.`)
  return fromPytorch(file, expected, networks)
}

/**
 * Frees a network.
 *
 * @internal
 */
export const releaseNetwork = ({ variables }: TrainedNetwork): void => release({ params: variables.params, state: variables.state })

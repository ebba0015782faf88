import { type Network, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { loadNetwork, readSafetensors, type Safetensors, saveNetwork, writeSafetensors } from '@transferkit/training'
import { importPytorch, networks } from '@transferkit/vision'
import { z } from 'zod'
import { spellingAdvice } from '../recipe/spelling.js'

const normalisation = z.object({ mean: z.array(z.number()), standardDeviation: z.array(z.number()) })

const recordSchema = z.object({
  network: z.string(),
  classes: z.int().positive(),
  inputShape: z.array(z.int().positive()),
  dataset: z.string(),
  normalisation,
  accuracy: z.number().optional(),
})

/** What is known of a source network beside its numbers. @internal */
export type SourceRecord = z.infer<typeof recordSchema>

/** A source network with what is known of it. @internal */
export interface SourceNetwork {
  /** The network with what it has learned; whoever has it releases its variables. */
  readonly trained: TrainedNetwork
  /** What it is and how its inputs are normalised. */
  readonly record: SourceRecord
}

const recordName = 'transferkit.source'

/**
 * Makes a network by the name that recipes use.
 *
 * @throws TransferkitError `network/unknown` with the nearest name.
 * @internal
 */
export const networkByName = (name: string, classes: number, inputShape?: readonly number[]): Network => {
  const make = networks[name]
  if (make === undefined) throw new TransferkitError('network/unknown', `There is no network ${JSON.stringify(name)}.${spellingAdvice(name, Object.keys(networks), 'networks')}`)
  return make({ classes, ...(inputShape === undefined ? {} : { inputShape }) })
}

/**
 * A source network as the bytes of a safetensors file, with its record in the metadata.
 *
 * @internal
 */
export const writeSourceFile = async ({ trained, record }: SourceNetwork): Promise<Uint8Array> => {
  const { entries, metadata } = readSafetensors(await saveNetwork(trained))
  return writeSafetensors(entries, { ...metadata, [recordName]: JSON.stringify(record) })
}

const recordOf = ({ metadata }: Safetensors, what: string): SourceRecord | undefined => {
  const text = metadata[recordName]
  if (text === undefined) return undefined
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new TransferkitError('safetensors/corrupt', `${what}: what it says of its network is damaged. Make the file again with "transferkit pretrain".`, { cause })
  }
}

/**
 * Reads a source network from a file that {@link writeSourceFile} made, or from tensors under the names of the network's PyTorch code.
 *
 * @param bytes The file.
 * @param what Its name, for messages.
 * @param expected What the recipe says of a file that says nothing of itself.
 * @throws TransferkitError `safetensors/corrupt`, `safetensors/does-not-fit`, `pytorch/mismatch`, `network/unknown`.
 * @internal
 */
export const readSourceFile = (bytes: Uint8Array, what: string, expected?: SourceRecord): SourceNetwork => {
  const file = readSafetensors(bytes, what)
  const own = recordOf(file, what)
  const record = own ?? expected
  if (record === undefined) throw new TransferkitError('safetensors/no-record', `${what}: it does not say which network it holds. It has to be a file that "transferkit pretrain" made, or the recipe has to say what it is.`)
  const network = networkByName(record.network, record.classes, record.inputShape)
  if (own === undefined) return { record, trained: { network, variables: importPytorch(network, file.entries) } }
  return { record, trained: loadNetwork(network, bytes) }
}

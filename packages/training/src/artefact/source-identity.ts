import type { TrainedNetwork } from '@transferkit/tensor'
import { sha256 } from '../hash/sha-256.js'
import { networkEntries } from './network-file.js'
import { writeSafetensors } from '../safetensors/write-safetensors.js'

/** What a source network is known by: a transfer artefact fits this one and no other. */
export interface SourceIdentity {
  /** Name of the architecture. */
  readonly architecture: string
  /** Number of classes that the source tells apart. */
  readonly classes: number
  /** Shape of one example. */
  readonly inputShape: readonly number[]
  /** SHA-256 of all its tensors with their names and shapes, in hexadecimal. */
  readonly sha256: string
}

/**
 * What a trained network is known by.
 *
 * @param source The network with its tensors.
 *
 * @example
 * ```ts
 * import type { TrainedNetwork } from '@transferkit/tensor'
 * import { sourceIdentity } from '@transferkit/training'
 *
 * const hashOf = async (source: TrainedNetwork) => (await sourceIdentity(source)).sha256
 * ```
 */
export const sourceIdentity = async (source: TrainedNetwork): Promise<SourceIdentity> => {
  const { name: architecture, classes, inputShape } = source.network
  return { architecture, classes, inputShape: [...inputShape], sha256: await sha256(writeSafetensors(await networkEntries(source))) }
}

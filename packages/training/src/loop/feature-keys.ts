import { backendName, type FrozenPrefix, type HostBatch, type ProgramVariables } from '@transferkit/tensor'
import { sha256 } from '../hash/sha-256.js'
import { entriesOfTree } from '../safetensors/tree-entries.js'
import { writeSafetensors } from '../safetensors/write-safetensors.js'

/** The key of the features of a batch of transformed examples. @internal */
export type FeatureKey = (batch: HostBatch) => Promise<string>

const joined = (text: string, { buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => {
  const head = new TextEncoder().encode(text)
  const bytes = new Uint8Array(head.length + byteLength)
  bytes.set(head)
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength), head.length)
  return bytes
}

/**
 * Makes keys from all that features depend on: what the prefix computes, its tensors, the backend, and the examples of the batch as the network sees
 * them. The whole batch counts, because a backend may add up a large batch in another order than a small one.
 *
 * @returns `undefined` where the platform has no SHA-256, as in a page that was not loaded securely.
 * @internal
 */
export const featureKeys = async (prefix: FrozenPrefix, variables: ProgramVariables): Promise<FeatureKey | undefined> => {
  // Declared as always there, but browsers have it in secure contexts only.
  if ((crypto as Partial<Crypto>).subtle === undefined) return undefined
  const tensors = await sha256(writeSafetensors(await entriesOfTree(prefix.tensors(variables))))
  const common = { version: 1, prefix: prefix.identity, tensors, backend: backendName() }
  return ({ inputs, shape }) => sha256(joined(JSON.stringify({ ...common, elements: inputs.constructor.name, shape }), inputs))
}

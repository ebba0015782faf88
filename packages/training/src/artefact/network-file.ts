import { type Network, randomKey, scope, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import type { SafetensorsEntry } from '../safetensors/entry.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { entriesOfTree, treeFromEntries } from '../safetensors/tree-entries.js'
import { writeSafetensors } from '../safetensors/write-safetensors.js'

const architectureName = 'transferkit.architecture'
const classesName = 'transferkit.classes'

/** All tensors of a trained network by name. @internal */
export const networkEntries = async ({ variables }: TrainedNetwork): Promise<readonly SafetensorsEntry[]> =>
  (await Promise.all([entriesOfTree(variables.params, 'params.'), entriesOfTree(variables.state, 'state.')])).flat()

/**
 * A trained network as a safetensors file: `params.<path>` and `state.<path>`, with architecture and number of classes in the metadata.
 *
 * @param trained The network with its tensors.
 *
 * @example
 * ```ts
 * import type { TrainedNetwork } from '@transferkit/tensor'
 * import { loadNetwork, saveNetwork } from '@transferkit/training'
 *
 * const copyOf = async (trained: TrainedNetwork) => loadNetwork(trained.network, await saveNetwork(trained))
 * ```
 */
export const saveNetwork = async (trained: TrainedNetwork): Promise<Uint8Array> =>
  writeSafetensors(await networkEntries(trained), { [architectureName]: trained.network.name, [classesName]: String(trained.network.classes) })

/**
 * A trained network from what {@link saveNetwork} wrote.
 *
 * @param network The architecture, as it was when it was saved.
 * @param bytes The file.
 * @throws TransferkitError `network/wrong-file` or `safetensors/does-not-fit` when the file holds another network, `safetensors/corrupt` when it is damaged.
 *
 * @example
 * ```ts
 * import type { Network } from '@transferkit/tensor'
 * import { loadNetwork } from '@transferkit/training'
 *
 * const load = (network: Network, bytes: Uint8Array) => loadNetwork(network, bytes)
 * ```
 */
export const loadNetwork = (network: Network, bytes: Uint8Array): TrainedNetwork => {
  const { entries, metadata } = readSafetensors(bytes, `Weights of '${network.name}'`)
  const [architecture, classes] = [metadata[architectureName], metadata[classesName]]
  if (architecture !== network.name || classes !== String(network.classes)) {
    throw new TransferkitError(
      'network/wrong-file',
      `The file holds ${architecture === undefined ? 'no network that Transferkit saved' : `'${architecture}' with ${String(classes)} classes`}, but '${network.name}' with ${network.classes} classes is asked for.`,
    )
  }
  const variables = scope(() => {
    const template = network.init(randomKey(0), [1, ...network.inputShape])
    const part = (name: 'params' | 'state'): typeof template.params => treeFromEntries(template[name], entries, `${name}.`, `Weights of '${network.name}'`)
    return { params: part('params'), state: part('state') }
  })
  return { network, variables }
}

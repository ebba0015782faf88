import { flattenTree, type Key, mergeTrees, modulesInside, type Network, partitionTree, type Tensor, type TensorTree, type TransferContext, TransferkitError, type Variables, withClasses } from '@transferkit/tensor'
import { isHead } from '@transferkit/training'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { type AdapterKind, isAdapterPath } from '../adapters/adapted-convolution.js'
import { chooseConvolutions } from '../adapters/choose-convolutions.js'
import { networks } from '../networks/networks.js'
import type { FullPtuOptions } from './ptu-options.js'
import { cutNetwork, type CutNetwork } from './transfer-units.js'

const needsSameNetwork = (options: FullPtuOptions): string | undefined => {
  if (options.candidate === 'threeState') return "the candidate 'threeState' runs a clone of the source's layers in it"
  if (options.sourceInput === 'shared') return "with 'sourceInput: shared' the source's layers run in it"
  if (options.targetAdapters !== undefined) return "with 'targetAdapters' its filters are the source's"
  if (options.targetInitialisation === 'copy') return "with 'targetInitialisation: copy' it starts from the source's weights"
  return undefined
}

/** The network with adapters on all of its convolutions, which change nothing at the start, cut at the same taps. */
const adaptedTarget = (target: CutNetwork, kind: AdapterKind, { targetInitialisation }: FullPtuOptions): CutNetwork => {
  if (targetInitialisation === 'random') {
    throw new TransferkitError('ptu/target-adapters', "Strategy 'ptu': with 'targetAdapters' the target's filters are the source's, so it cannot start at random. Leave out 'targetInitialisation', or 'targetAdapters'.")
  }
  const network = adaptNetwork(target.network, { kind, convolutions: chooseConvolutions(target.network, { kind }), initialisation: 'zero' })
  const taps = target.segments.map(({ tap }) => tap)
  return { ...cutNetwork(network, {}, taps), tapAfter: target.tapAfter }
}

/**
 * The target's network, cut at the same taps as the source: the source's own architecture with another head, with adapters where they are asked for, or another network of the registry.
 *
 * @param source The source, cut where units stand.
 * @param context Task and shape of the examples.
 * @param options Options of the strategy.
 * @throws TransferkitError `ptu/target-network` when the other network is unknown, or when an option demands the source's architecture.
 * @throws TransferkitError `ptu/target-adapters` when a branch with adapters should start at random.
 */
export const ptuTarget = (source: CutNetwork, { task, inputShape }: Pick<TransferContext, 'task' | 'inputShape'>, options: FullPtuOptions): CutNetwork => {
  const classes = task.classes.length
  const { targetNetwork, targetAdapters } = options
  if (targetNetwork === undefined) {
    const same = { ...source, network: withClasses(source.network, classes) }
    return targetAdapters === undefined ? same : adaptedTarget(same, targetAdapters, options)
  }
  const make = networks[targetNetwork]
  if (make === undefined) throw new TransferkitError('ptu/target-network', `Strategy 'ptu': there is no network '${targetNetwork}'. Networks are: ${Object.keys(networks).join(', ')}.`)
  const reason = needsSameNetwork(options)
  if (reason !== undefined) {
    throw new TransferkitError('ptu/target-network', `Strategy 'ptu': the target cannot be another network, '${targetNetwork}', because ${reason}. Leave out 'targetNetwork', or change that option.`)
  }
  return cutNetwork(
    make({ classes, inputShape }),
    {},
    source.segments.map(({ tap }) => tap),
  )
}

/**
 * The start of the target branch: copied from the source, with its own head and adapters, or random.
 *
 * @param target The target's network.
 * @param trained The source's variables.
 * @param options Options of the strategy.
 * @param key Source of randomness.
 */
export const startOfTarget = ({ network }: CutNetwork, trained: Variables, { targetInitialisation }: FullPtuOptions, key: Key): Variables => {
  const fresh = network.init(key, [1, ...network.inputShape])
  if (targetInitialisation === 'random') return fresh
  const copied = (tree: TensorTree, own: TensorTree): TensorTree => {
    const known = new Set(flattenTree<Tensor>(tree).map(({ path }) => path))
    const isOwn = (path: string): boolean => isHead(path) || !known.has(path)
    return mergeTrees(partitionTree(tree, isHead).rest, partitionTree(own, isOwn).selected)
  }
  return { params: copied(trained.params, fresh.params), state: copied(trained.state, fresh.state) }
}

/**
 * Which parameters of the target branch stay those of the source: with adapters all but the adapters, batch norm and the head, else none.
 *
 * @param network The target's network.
 * @param options Options of the strategy.
 */
export const heldInTarget = (network: Network, { targetAdapters }: FullPtuOptions): ((path: string) => boolean) => {
  if (targetAdapters === undefined) return () => false
  const batchNorms = modulesInside(network).flatMap(([path, { description }]) => (description.kind === 'batch-norm' ? [`${path}.`] : []))
  return (path) => !isHead(path) && !isAdapterPath(path) && !batchNorms.some((prefix) => path.startsWith(prefix))
}

/**
 * Checks that gates are held at taps where units stand.
 *
 * @param source The source, cut where units stand.
 * @param options Options of the strategy.
 * @throws TransferkitError `ptu/unknown-tap` that names the option and the taps that there are.
 */
export const checkOverrides = ({ segments }: CutNetwork, { gateOverride }: FullPtuOptions): void => {
  const taps = segments.map(({ tap }) => tap)
  for (const [name, override] of Object.entries(gateOverride)) {
    const unknown = typeof override === 'object' ? Object.keys(override).find((tap) => !taps.includes(tap)) : undefined
    if (unknown !== undefined) {
      throw new TransferkitError('ptu/unknown-tap', `Strategy 'ptu': option 'gateOverride.${name}' names the tap '${unknown}', but units stand after: ${taps.join(', ')}.`)
    }
  }
}

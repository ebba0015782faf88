import { flattenTree, modulesInside, type Network, scope, type Tensor, type TransferContext, type TransferProgram, withClasses } from '@transferkit/tensor'
import { isHead, networkProgram, wholeVariables } from '@transferkit/training'
import { adapterGroups } from '../adapters/adapter-groups.js'
import { adapterMagnitude } from '../adapters/adapter-magnitude.js'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { type AdapterKind, isAdapterPath } from '../adapters/adapted-convolution.js'
import { chooseConvolutions } from '../adapters/choose-convolutions.js'
import { foldAdapters } from '../adapters/fold-adapters.js'
import type { FullAdapterOptions } from './adapter-options.js'

/** What the two strategies differ in. */
interface AdapterForm {
  readonly kind: AdapterKind
  readonly dropout?: number
  readonly rank?: number | undefined
}

/** The part of an adapter in two parts that all domains share. */
const isShared = (path: string): boolean => path.endsWith('.adapter.shared.filter')

/** Ranks of adapters in two parts, by the path of their convolution. */
const ranksOf = (network: Network): ReadonlyMap<string, unknown> => new Map(modulesInside(network).map(([path, { description }]) => [path, description['rank']]))

/**
 * The target model of both adapter strategies: the source's network with adapters and a new head. Private and trained are the adapters, every batch norm and the
 * head; filters, and all else, are the source's and stay as they are.
 *
 * @param context The source and the task.
 * @param options Options of the strategy.
 * @param form Kind of the adapters, and what only one kind has.
 */
export const adapterProgram = ({ source, task }: TransferContext, options: FullAdapterOptions, { kind, dropout = 0, rank }: AdapterForm): TransferProgram => {
  const { initialisation, train, weightDecay, decayMode, headLearningRate } = options
  const convolutions = chooseConvolutions(source.network, { kind, stages: options.stages, convolutions: options.convolutions, proj: options.proj })
  const network = adaptNetwork(withClasses(source.network, task.classes.length), { kind, convolutions, initialisation, dropout, ...(rank === undefined ? {} : { rank }) })
  const batchNorms = modulesInside(network).flatMap(([path, { description }]) => (description.kind === 'batch-norm' ? [`${path}.`] : []))
  const known = new Set([source.variables.params, source.variables.state].flatMap((tree) => flattenTree<Tensor>(tree).map(({ path }) => path)))
  const ranks = { source: ranksOf(source.network), target: ranksOf(network) }
  const trains = (path: string): boolean =>
    isHead(path) || train === 'everything' || (isAdapterPath(path) && !isShared(path)) || batchNorms.some((prefix) => path.startsWith(prefix))
  const isFresh = (path: string): boolean => {
    const place = convolutions.find((convolution) => path.startsWith(`${convolution}.adapter.`))
    return place !== undefined && path.endsWith('.filter') && !(isShared(path) && ranks.source.get(place) === ranks.target.get(place))
  }

  const program = networkProgram({
    network,
    source,
    // The adapters of another domain are no start, but the statistics inside them and the part that is shared are.
    startsFromSource: (path) => !isHead(path) && !isFresh(path) && known.has(path),
    trains,
    staysInInference: () => false,
    parameterGroup: adapterGroups(network, { weightDecay, decayMode, headLearningRate, trains }),
  })

  return {
    ...program,
    fold: (variables) => foldAdapters({ network, variables: wholeVariables(variables) }),
    inspect: (variables) => [scope(() => adapterMagnitude(network, wholeVariables(variables)))],
  }
}

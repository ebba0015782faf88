import {
  flattenTree,
  identity,
  mapTree,
  mergeTrees,
  type Network,
  randomKey,
  read,
  scope,
  type Tensor,
  tensor,
  type TrainedNetwork,
  TransferkitError,
  unflattenTree,
  zeros,
} from '@transferkit/tensor'
import { type TargetModel, targetModel } from '@transferkit/training'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { isAdapterPath } from '../adapters/adapted-convolution.js'
import { convolutionsOf } from '../adapters/convolutions.js'
import { compressedAdapters, type CompressedAdaptersOptions } from './compressed-adapters.js'
import { domainSet, type DomainSet } from './domain-set.js'
import { factoriseJointly, type HostMatrix, type SharedFactorisation, type SharedFactors } from './rank-shared-factors.js'

/** What both choices have. */
export interface CompressedStrategy {
  /** Options of the strategy that the compressed models have, for training them further. */
  readonly strategyOptions?: CompressedAdaptersOptions
}

/** How far adapters are compressed: by rank or by energy. */
export type CompressionOptions = RankChoice | EnergyChoice

/** A rank for every convolution. */
export interface RankChoice extends CompressedStrategy {
  /** Rank `K`: from 1 on a number of channels, below 1 a share of the smaller of input and output channels, at least one channel. More than there can be counts as all. */
  readonly rank: number
}

/** A rank by convolution, where it matters most. */
export interface EnergyChoice extends CompressedStrategy {
  /** Share of the squared singular values of all convolutions together that is kept, above 0 and up to 1; the smallest values go first, wherever they are. */
  readonly energy: number
}

/** What was made of the adapters on a convolution. */
export interface CompressedConvolution {
  /** Path of the convolution. */
  readonly convolution: string
  /** Rank that was kept. */
  readonly rank: number
  /** Rank at which nothing is lost. */
  readonly largestRank: number
  /** Share of the squared singular values that was kept, 0 to 1. */
  readonly energy: number
}

/** A set of domains whose adapters share their first halves. */
export interface CompressedDomains {
  /** The models on the compressed base. The base shares the tensors of the old one; its shared filters, and the models, belong to the caller. */
  readonly set: DomainSet
  /** What was kept, by convolution, in the order of the network. */
  readonly convolutions: readonly CompressedConvolution[]
}

const adapterFilter = '.adapter.filter'

/** Adapters of a model by the path of their convolution. */
const adaptersOf = ({ variables }: TargetModel): ReadonlyMap<string, Tensor> =>
  new Map(flattenTree<Tensor>(variables.params).flatMap(({ path, leaf }) => (path.endsWith(adapterFilter) ? [[path.slice(0, -adapterFilter.length), leaf] as const] : [])))

const checkSet = ({ base, domains }: DomainSet): void => {
  const problem = (message: string): TransferkitError => new TransferkitError('domains/cannot-compress', message)
  if (domains.size === 0) throw problem('There are no domains in this set, and compression finds what the adapters of domains have in common. Add domains first.')
  const filters = new Set(convolutionsOf(base.network).map(({ path }) => `${path}.filter`))
  for (const [name, model] of domains) {
    const paths = flattenTree<Tensor>(model.variables.params).map(({ path }) => path)
    if (!paths.some((path) => path.endsWith(adapterFilter)) || paths.some((path) => isAdapterPath(path) && !path.endsWith(adapterFilter))) {
      throw problem(`The model of '${name}' ('${model.strategy.name}') has no parallel adapters in one part, and only those are compressed. Remove the domain, or train it with 'parallel-adapters'.`)
    }
    if (paths.some((path) => filters.has(path))) {
      throw problem(`The model of '${name}' has trained filters of the network too, so it does not stand on the base. Train it with 'train: private'.`)
    }
  }
}

const checkOptions = (options: CompressionOptions): void => {
  const wrong = (message: string): TransferkitError => new TransferkitError('domains/compression', message)
  if ('rank' in options) {
    const { rank } = options
    if (!(rank > 0) || (rank >= 1 && !Number.isInteger(rank))) throw wrong(`A rank is a whole number of channels, or a share of them between 0 and 1, such as 0.5; found ${rank}.`)
  } else if (!(options.energy > 0 && options.energy <= 1)) {
    throw wrong(`The energy that is kept is above 0 and at most 1, such as 0.95; found ${options.energy}.`)
  }
}

/** A convolution whose adapters are factorised. */
interface Factorised {
  readonly convolution: string
  readonly inputs: number
  readonly outputs: number
  /** Names of the domains that have an adapter here, in the order of the factors. */
  readonly names: readonly string[]
  readonly factorisation: SharedFactorisation
}

const asMatrix = async (filter: Tensor): Promise<HostMatrix> => ({ rows: filter.shape[2] ?? 0, columns: filter.shape[3] ?? 0, values: await read(filter) })

const factorise = async ({ base, domains }: DomainSet): Promise<readonly Factorised[]> => {
  const adapters = [...domains].map(([name, model]) => ({ name, filters: adaptersOf(model) }))
  // An adapter on a depthwise convolution is one number a channel, of which no rank can be taken.
  const places = convolutionsOf(base.network).filter(({ description }) => description.kind === 'convolution')
  const found: Factorised[] = []
  for (const { path } of places) {
    const present = adapters.flatMap(({ name, filters }) => {
      const filter = filters.get(path)
      return filter === undefined ? [] : [{ name, filter }]
    })
    const [first] = present
    if (first === undefined) continue
    const [, , inputs = 0, outputs = 0] = first.filter.shape
    const matrices = await Promise.all(present.map(({ filter }) => asMatrix(filter)))
    found.push({ convolution: path, inputs, outputs, names: present.map(({ name }) => name), factorisation: factoriseJointly(matrices) })
  }
  return found
}

const energyOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value ** 2, 0)

/** The smallest singular value that is kept when the smallest ones of all convolutions go until only a share of the energy is left. */
const smallestKept = (found: readonly Factorised[], share: number): number => {
  const falling = found.flatMap(({ factorisation }) => factorisation.singularValues).sort((left, right) => right - left)
  const wanted = share * energyOf(falling)
  let kept = 0
  const last = falling.find((value) => {
    kept += value ** 2
    return kept >= wanted
  })
  // Rounding may leave the whole sum a little below what is wanted.
  return last ?? 0
}

const ranksOf = (found: readonly Factorised[], options: CompressionOptions): readonly number[] => {
  const limited = (rank: number, { factorisation }: Factorised): number => Math.max(1, Math.min(rank, factorisation.singularValues.length))
  if ('rank' in options) {
    const { rank } = options
    return found.map((place) => limited(rank < 1 ? Math.floor(rank * Math.min(place.inputs, place.outputs)) : rank, place))
  }
  const threshold = smallestKept(found, options.energy)
  return found.map((place) => limited(place.factorisation.singularValues.filter((value) => value >= threshold).length, place))
}

/** A convolution with the factors of its adapters. */
interface Truncated extends Factorised {
  readonly rank: number
  readonly factors: SharedFactors
}

const filterTensor = ({ rows, columns, values }: HostMatrix): Tensor => tensor(values, [1, 1, rows, columns])

const compressedNetwork = (network: Network, places: readonly Truncated[], whole: readonly string[]): Network => {
  const withRanks = places.reduce((adapted, { convolution, rank }) => adaptNetwork(adapted, { kind: 'parallel', convolutions: [convolution], rank }), network)
  return whole.length === 0 ? withRanks : adaptNetwork(withRanks, { kind: 'parallel', convolutions: whole })
}

/** The base with the shared halves; its own private halves are 0, so that it computes what it did. */
const compressedBase = ({ base, domains }: DomainSet, places: readonly Truncated[]): TrainedNetwork => {
  const factorised = new Set(places.map(({ convolution }) => convolution))
  const whole = [...new Map([...domains.values()].flatMap((model) => [...adaptersOf(model)]))].filter(([path]) => !factorised.has(path))
  const network = compressedNetwork(
    base.network,
    places,
    whole.map(([path]) => path),
  )
  const added = scope(() =>
    unflattenTree<Tensor>([
      ...places.flatMap(({ convolution, rank, outputs, factors }) => [
        { path: `${convolution}.adapter.shared.filter`, leaf: filterTensor(factors.shared) },
        { path: `${convolution}.adapter.private.filter`, leaf: zeros([1, 1, rank, outputs]) },
      ]),
      ...whole.map(([path, filter]) => ({ path: `${path}${adapterFilter}`, leaf: zeros(filter.shape) })),
    ]),
  )
  return { network, variables: { params: mergeTrees(base.variables.params, added), state: base.variables.state } }
}

/** The model of a domain on the compressed base: its own halves, and copies of its batch norms and its head. */
const compressedModel = (name: string, model: TargetModel, source: TrainedNetwork, places: readonly Truncated[], options: CompressedAdaptersOptions): TargetModel => {
  const strategy = compressedAdapters(options)
  const { task, inputShape } = model
  const program = strategy.prepare({ source, task, inputShape })
  const own = new Map(places.map((place) => [`${place.convolution}.adapter.private.filter`, place.factors.own[place.names.indexOf(name)]]))
  const trained = new Map(flattenTree<Tensor>(model.variables.params).map(({ path, leaf }) => [path, leaf]))
  const variables = scope(() => {
    const start = program.init(randomKey(0))
    const params = mapTree(start.params, (leaf, path) => {
      const factor = own.get(path)
      // What the domain does not have, because it has no adapter there, stays 0, but as a tensor of its own.
      return factor === undefined ? identity(trained.get(path) ?? leaf) : filterTensor(factor)
    })
    const state = mapTree(model.variables.state, (leaf) => identity(leaf))
    return { params, state, frozen: start.frozen }
  })
  return targetModel({ ...model, strategy, source, program, variables })
}

/**
 * Compresses the parallel adapters of all domains jointly. Those on one convolution, `A_d` of domain `d` as a matrix of input by output channels, become
 * products with a common left factor:
 *
 * ```text
 * [A_1 | A_2 | … | A_D] ≈ P [Q_1 | … | Q_D]        P: Cin × K, shared and frozen        Q_d: K × Cout, private
 * ```
 *
 * `P` are the first `K` left singular vectors, the best choice in the sum of squares. The compressed base is the old network with `P` on its adapted
 * convolutions; the models are its domains with `compressedAdapters`. With half of the channels, ResNet-26 with nine domains takes 1.55 times the base
 * instead of 2. Train each domain on afterwards: {@link fineTuneDomain}.
 *
 * @param set Domains with parallel adapters; the set and its models are left as they are.
 * @param options How far: a rank, or the energy to keep.
 * @throws TransferkitError `domains/cannot-compress` when a domain has no such adapters, `domains/compression` for a rank or an energy that cannot be.
 *
 * @example
 * ```ts
 * import { compressAdapters, type DomainSet } from '@transferkit/vision'
 *
 * const halved = async (set: DomainSet) => (await compressAdapters(set, { rank: 0.5 })).set
 * ```
 */
export const compressAdapters = async (set: DomainSet, options: CompressionOptions): Promise<CompressedDomains> => {
  checkOptions(options)
  checkSet(set)
  const found = await factorise(set)
  const ranks = ranksOf(found, options)
  const places = found.map((place, index): Truncated => {
    const rank = ranks[index] ?? 1
    return { ...place, rank, factors: place.factorisation.factors(rank) }
  })
  const base = compressedBase(set, places)
  const domains = new Map([...set.domains].map(([name, model]) => [name, compressedModel(name, model, base, places, options.strategyOptions ?? {})]))
  return {
    set: { ...(await domainSet(base)), domains },
    convolutions: places.map(({ convolution, rank, factorisation: { singularValues } }) => ({
      convolution,
      rank,
      largestRank: singularValues.length,
      energy: energyOf(singularValues) === 0 ? 1 : energyOf(singularValues.slice(0, rank)) / energyOf(singularValues),
    })),
  }
}

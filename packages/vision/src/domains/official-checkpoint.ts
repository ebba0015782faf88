import {
  flattenTree,
  identity,
  mapTree,
  type Network,
  partitionTree,
  type ProgramVariables,
  randomKey,
  release,
  scope,
  type Shape,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  TransferkitError,
  type Variables,
  withClasses,
} from '@transferkit/tensor'
import { type SafetensorsEntry, type TargetModel, targetModel, wholeVariables } from '@transferkit/training'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { type AdapterKind, isAdapterPath } from '../adapters/adapted-convolution.js'
import { chooseConvolutions } from '../adapters/choose-convolutions.js'
import { residualAdapterNames } from '../pytorch/residual-adapter-names.js'
import { exportPytorch, importPytorch } from '../pytorch/weights.js'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { adapterKindOf } from './adapter-kinds.js'
import { domainSet, type DomainSet } from './domain-set.js'

/** A domain of an official checkpoint. */
export interface OfficialDomain {
  /** Name to give it. */
  readonly name: string
  /** Names of its classes, in the order of the official head. */
  readonly classes: readonly string[]
  /** Shape of one example; that of the network unless told. */
  readonly inputShape?: Shape
}

/** What {@link importDomains} is given. */
export interface ImportDomainsOptions {
  /** The network without adapters, such as `resnet26`; its number of classes does not matter. */
  readonly network: Network
  /** The tensors of the checkpoint. */
  readonly entries: readonly SafetensorsEntry[]
  /** Kind of its adapters. */
  readonly kind: AdapterKind
  /** Which of the two convolutions of a block have an adapter; both unless told. */
  readonly proj?: '11' | '10' | '01'
  /** Its domains, in the order of the checkpoint. */
  readonly domains: readonly OfficialDomain[]
}

const adapted = (network: Network, { kind, proj }: Pick<ImportDomainsOptions, 'kind' | 'proj'>): Network => adaptNetwork(network, { kind, convolutions: chooseConvolutions(network, { kind, proj }) })

const strategyOf = ({ kind, proj }: Pick<ImportDomainsOptions, 'kind' | 'proj'>): TargetModel['strategy'] => {
  const options = proj === undefined ? {} : { proj }
  return kind === 'series' ? seriesAdapters(options) : parallelAdapters(options)
}

/** The base: the filters, with batch norms and head of the first domain. */
const baseOf = ({ network, entries, kind, proj = '11' }: ImportDomainsOptions, { classes }: OfficialDomain): TrainedNetwork => {
  const plain = withClasses(network, classes.length)
  const variables = scope(() => {
    const imported = importPytorch(adapted(plain, { kind, proj }), entries, residualAdapterNames({ kind, domain: 0, proj }))
    const withoutAdapters = (tree: TensorTree): TensorTree => partitionTree(tree, (path) => !isAdapterPath(path)).selected
    return { params: withoutAdapters(imported.params), state: withoutAdapters(imported.state) }
  })
  return { network: plain, variables }
}

const byPath = ({ params, state }: Variables): ReadonlyMap<string, Tensor> => new Map([params, state].flatMap((tree) => flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf])))

const domainOf = (options: ImportDomainsOptions, source: TrainedNetwork, { classes, inputShape = options.network.inputShape }: OfficialDomain, domain: number): TargetModel => {
  const { network, entries, kind, proj = '11' } = options
  const strategy = strategyOf({ kind, proj })
  const task = { kind: 'classification' as const, classes }
  const program = strategy.prepare({ source, task, inputShape })
  const variables = scope((): ProgramVariables => {
    const imported = byPath(importPytorch(adapted(withClasses(network, classes.length), { kind, proj }), entries, residualAdapterNames({ kind, domain, proj })))
    const start = program.init(randomKey(0))
    const own = (tree: TensorTree): TensorTree => mapTree(tree, (leaf, path) => imported.get(path) ?? identity(leaf))
    return { params: own(start.params), state: own(start.state), frozen: start.frozen }
  })
  return targetModel({ strategy, source, program, variables, task, inputShape, transforms: [], record: {} })
}

/**
 * All domains of a checkpoint of the official residual-adapter code (srebuffi/residual_adapters at commit 5c51aa3) on one base.
 *
 * The base has the checkpoint's filters, with the batch norms and the head of its first domain. The models have no transforms: images are to be normalised as there.
 *
 * @param options Network, tensors, kind of the adapters, and the names of domains and classes, which the checkpoint does not hold.
 * @returns The set; the tensors of its base, and its models, belong to the caller.
 * @throws TransferkitError `pytorch/mismatch` when the tensors are not those of such a network, `domains/no-domain` when no domain is named.
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@transferkit/training'
 * import { importDomains, resnet26 } from '@transferkit/vision'
 *
 * const load = (file: Uint8Array, digits: string[], signs: string[]) =>
 *   importDomains({
 *     network: resnet26({ classes: 10 }),
 *     entries: readSafetensors(file).entries,
 *     kind: 'parallel',
 *     domains: [{ name: 'digits', classes: digits }, { name: 'signs', classes: signs }],
 *   })
 * ```
 */
export const importDomains = async (options: ImportDomainsOptions): Promise<DomainSet> => {
  const [first] = options.domains
  if (first === undefined) throw new TransferkitError('domains/no-domain', 'A checkpoint has at least one domain. Name its domains, and their classes, in \'domains\'.')
  const base = baseOf(options, first)
  const domains = new Map<string, TargetModel>()
  try {
    options.domains.forEach((domain, position) => domains.set(domain.name, domainOf(options, base, domain, position)))
    return { ...(await domainSet(base)), domains }
  } catch (error) {
    for (const model of domains.values()) model.release()
    release([base.variables.params, base.variables.state])
    throw error
  }
}

/**
 * The tensors of a set of domains under the names of the official residual-adapter code: the reverse of {@link importDomains}.
 *
 * @param set Domains with adapters of one kind on a ResNet-26.
 * @param options Which of the two convolutions of a block have an adapter; both unless told.
 * @throws TransferkitError `domains/no-adapters` when a domain has none.
 *
 * @example
 * ```ts
 * import { writeSafetensors } from '@transferkit/training'
 * import { type DomainSet, exportDomains } from '@transferkit/vision'
 *
 * const checkpointOf = (set: DomainSet) => writeSafetensors(exportDomains(set))
 * ```
 */
export const exportDomains = ({ base, domains }: DomainSet, { proj = '11' }: Pick<ImportDomainsOptions, 'proj'> = {}): readonly SafetensorsEntry[] => {
  const entries = [...domains].flatMap(([name, { variables, task }], domain) => {
    const kind = adapterKindOf(variables)
    if (kind === undefined) throw new TransferkitError('domains/no-adapters', `The model of '${name}' has no adapters, so the official code has no place for it. Remove the domain first.`)
    return exportPytorch(adapted(withClasses(base.network, task.classes.length), { kind, proj }), wholeVariables(variables), residualAdapterNames({ kind, domain, proj }))
  })
  // The filters are the same in all domains.
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()]
}

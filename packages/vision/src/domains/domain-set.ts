import { type AnyTensor, branchAt, countElements, leavesOf, nearestSpelling, partitionTree, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { isHead, privateSizes, sourceIdentity, type SourceIdentity, type TargetModel } from '@transferkit/training'
import { isAdapterPath } from '../adapters/adapted-convolution.js'
import { adapterKindOf, checkOneKind } from './adapter-kinds.js'

/**
 * One frozen base network with the models of many domains on it, by name. A value: what changes a set gives a new one and leaves the old as it is.
 */
export interface DomainSet {
  /** The network that all domains share. */
  readonly base: TrainedNetwork
  /** What the base is known by: models that were trained on another one do not fit. */
  readonly identity: SourceIdentity
  /** The models in the order in which they were added. */
  readonly domains: ReadonlyMap<string, TargetModel>
}

/** What a domain of a set costs. */
export interface DomainRow {
  /** Name of the domain. */
  readonly name: string
  /** Strategy that the model is built by. */
  readonly strategy: string
  /** Number of classes. */
  readonly classes: number
  /** Number of parameters that only this domain has, with its head. */
  readonly privateParameters: number
  /** Number of running statistics that only this domain has. */
  readonly privateStatistics: number
  /** How many of the private parameters are those of the head. */
  readonly headParameters: number
  /** Private parameters as a multiple of those of the base, both without head, as the adapters papers count. */
  readonly multipleOfBase: number
}

/**
 * An empty set on a base network.
 *
 * @param base The trained network that the domains share; it stays as it is and belongs to the caller.
 *
 * @example
 * ```ts
 * import type { TrainedNetwork } from '@transferkit/tensor'
 * import { domainSet } from '@transferkit/vision'
 *
 * const emptySet = (base: TrainedNetwork) => domainSet(base)
 * ```
 */
export const domainSet = async (base: TrainedNetwork): Promise<DomainSet> => ({ base, identity: await sourceIdentity(base), domains: new Map() })

const listed = (names: Iterable<string>): string => [...names].map((name) => `'${name}'`).join(', ') || 'none'

/** Whether two networks hold the very same tensors, which is quicker to see than that their values agree. */
const sameTensors = (left: TrainedNetwork, right: TrainedNetwork): boolean => {
  const ids = ({ variables }: TrainedNetwork): readonly number[] => leavesOf<AnyTensor>({ params: variables.params, state: variables.state }).map(({ id }) => id)
  return String(ids(left)) === String(ids(right))
}

const checkSource = async ({ base, identity }: DomainSet, name: string, { source }: TargetModel): Promise<void> => {
  if (sameTensors(source, base)) return
  const found = await sourceIdentity(source)
  if (found.sha256 === identity.sha256 && found.architecture === identity.architecture) return
  const other = found.architecture === identity.architecture ? 'the same architecture with other weights' : `'${found.architecture}' with ${found.classes} classes`
  throw new TransferkitError(
    'domains/wrong-source',
    `The model of '${name}' was trained on another source: ${other}, SHA-256 ${found.sha256.slice(0, 12)}…, but this set stands on '${identity.architecture}', SHA-256 ${identity.sha256.slice(0, 12)}…. Train it on the base of the set, or begin a set of its own.`,
  )
}

const checkName = ({ domains }: DomainSet, name: string): void => {
  if (name.trim() === '') throw new TransferkitError('domains/name', `A domain needs a name; found '${name}'.`)
  if (domains.has(name)) {
    throw new TransferkitError('domains/name-taken', `There is a domain '${name}' in this set already. Choose another name, or remove the old one first. Domains are: ${listed(domains.keys())}.`)
  }
}

/**
 * The set with one more domain. The models of the other domains, and the base, are not touched.
 *
 * @param set The set; it is left as it is.
 * @param name Name of the domain, not in the set yet.
 * @param model A model that was trained on the base of the set. It belongs to the caller.
 * @throws TransferkitError `domains/name-taken`, `domains/name`, `domains/wrong-source` when the model was trained on another network (their
 * fingerprints are compared), `domains/mixed-kinds` when the set has adapters of the other kind.
 *
 * @example
 * ```ts
 * import type { Dataset, TrainedNetwork } from '@transferkit/tensor'
 * import { batchNormAdaptation, transfer } from '@transferkit/training'
 * import { addDomain, domainSet } from '@transferkit/vision'
 *
 * const oneDomain = async (source: TrainedNetwork, target: Dataset) => {
 *   const model = await transfer({ source, target, strategy: batchNormAdaptation(), steps: 100 })
 *   return addDomain(await domainSet(source), 'signs', model)
 * }
 * ```
 */
export const addDomain = async (set: DomainSet, name: string, model: TargetModel): Promise<DomainSet> => {
  checkName(set, name)
  checkOneKind([...set.domains, [name, model] as const].map(([known, { variables }]) => ({ name: known, kind: adapterKindOf(variables) })))
  await checkSource(set, name, model)
  return { ...set, domains: new Map([...set.domains, [name, model]]) }
}

/**
 * The model of a domain.
 *
 * @param set The set.
 * @param name Name of the domain.
 * @throws TransferkitError `domains/unknown-domain` with the nearest name.
 *
 * @example
 * ```ts
 * import type { HostBatch } from '@transferkit/tensor'
 * import { domainModel, type DomainSet } from '@transferkit/vision'
 *
 * const classify = (set: DomainSet, domain: string, images: HostBatch) => domainModel(set, domain).predict(images)
 * ```
 */
export const domainModel = ({ domains }: DomainSet, name: string): TargetModel => {
  const model = domains.get(name)
  if (model !== undefined) return model
  const nearest = nearestSpelling(name, [...domains.keys()])
  throw new TransferkitError('domains/unknown-domain', `There is no domain '${name}' in this set.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Domains are: ${listed(domains.keys())}.`)
}

/**
 * The set without a domain. The model is not freed: it belongs to the caller.
 *
 * @param set The set; it is left as it is.
 * @param name Name of the domain.
 * @throws TransferkitError `domains/unknown-domain` with the nearest name.
 *
 * @example
 * ```ts
 * import { domainModel, type DomainSet, removeDomain } from '@transferkit/vision'
 *
 * const forget = (set: DomainSet, name: string) => {
 *   const model = domainModel(set, name)
 *   const rest = removeDomain(set, name)
 *   model.release()
 *   return rest
 * }
 * ```
 */
export const removeDomain = (set: DomainSet, name: string): DomainSet => {
  domainModel(set, name)
  return { ...set, domains: new Map([...set.domains].filter(([other]) => other !== name)) }
}

/**
 * The set with another name for a domain, in the same place. Only the name changes, in memory as in files.
 *
 * @param set The set; it is left as it is.
 * @param from Name of the domain.
 * @param to Its new name.
 * @throws TransferkitError `domains/unknown-domain`, `domains/name-taken` or `domains/name`.
 *
 * @example
 * ```ts
 * import { type DomainSet, renameDomain } from '@transferkit/vision'
 *
 * const clearer = (set: DomainSet) => renameDomain(set, 'signs', 'german-signs')
 * ```
 */
export const renameDomain = (set: DomainSet, from: string, to: string): DomainSet => {
  domainModel(set, from)
  checkName(set, to)
  return { ...set, domains: new Map([...set.domains].map(([name, model]) => [name === from ? to : name, model])) }
}

/** Number of parameters of a network under some paths. */
const countAt = ({ variables }: TrainedNetwork, chosen: (path: string) => boolean): number => countElements(partitionTree(variables.params, chosen).selected)

/** The network itself: neither head nor adapters, which a base may bring from its own training or from a compression. */
const parametersOfBase = (base: TrainedNetwork): number => countAt(base, (path) => !isHead(path) && !isAdapterPath(path))

/**
 * What each domain costs, in the order of the set.
 *
 * @param set The set.
 *
 * @example
 * ```ts
 * import { describeDomains, type DomainSet } from '@transferkit/vision'
 *
 * const linesOf = (set: DomainSet) => describeDomains(set).map(({ name, privateParameters }) => `${name}: ${privateParameters}`)
 * ```
 */
export const describeDomains = ({ base, domains }: DomainSet): readonly DomainRow[] => {
  const baseParameters = parametersOfBase(base)
  return [...domains].map(([name, model]) => {
    const sizes = privateSizes(model)
    const headParameters = countElements(branchAt(model.variables.params, 'head'))
    return { name, strategy: model.strategy.name, classes: model.task.classes.length, ...sizes, headParameters, multipleOfBase: (sizes.privateParameters - headParameters) / baseParameters }
  })
}

/**
 * Parameters of the base and of all domains together as a multiple of those of the base, heads not counted, as the adapters papers do: `1 + Σ_d m_d`,
 * and for a compressed set the part of the adapters that all domains share.
 *
 * @param set The set.
 *
 * @example
 * ```ts
 * import type { TrainedNetwork } from '@transferkit/tensor'
 * import { domainSet, totalMultipleOfBase } from '@transferkit/vision'
 *
 * const alone = async (base: TrainedNetwork) => totalMultipleOfBase(await domainSet(base)) // 1
 * ```
 */
export const totalMultipleOfBase = (set: DomainSet): number => {
  const shared = countAt(set.base, (path) => path.endsWith('.adapter.shared.filter')) / parametersOfBase(set.base)
  return describeDomains(set).reduce((total, { multipleOfBase }) => total + multipleOfBase, 1 + shared)
}

/**
 * Frees the models of all domains. The base is not freed.
 *
 * @param set A set that nobody needs any more.
 *
 * @example
 * ```ts
 * import { release } from '@transferkit/tensor'
 * import { type DomainSet, releaseDomains } from '@transferkit/vision'
 *
 * const releaseAll = (set: DomainSet) => {
 *   releaseDomains(set)
 *   release([set.base.variables.params, set.base.variables.state])
 * }
 * ```
 */
export const releaseDomains = ({ domains }: DomainSet): void => {
  for (const model of domains.values()) model.release()
}

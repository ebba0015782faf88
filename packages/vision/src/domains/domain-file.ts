import { type BatchTransform, type Network, release, type StrategyDefinition, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import {
  baselineStrategies,
  loadArtefact,
  loadNetwork,
  readSafetensors,
  readTransferConfig,
  saveNetwork,
  type SafetensorsEntry,
  type TargetModel,
  type TransferConfig,
  writeSafetensors,
} from '@transferkit/training'
import { z } from 'zod'
import { visionStrategies } from '../strategies/vision-strategies.js'
import { compressedAdapters } from './compressed-adapters.js'
import { domainSet, type DomainSet, releaseDomains } from './domain-set.js'

/** The two files of a set of domains. */
export interface DomainSetBytes {
  /** `domains.json`: names, strategies, classes and everything else that is not a tensor. */
  readonly config: Uint8Array
  /** `domains.safetensors`: the base network and what is private to each domain. */
  readonly tensors: Uint8Array
}

/** What {@link loadDomains} is given. */
export interface LoadDomainsOptions {
  /** The two files. */
  readonly bytes: DomainSetBytes
  /**
   * The architecture of the base, to read its tensors from the file too; they belong to the caller then. Or the trained base, where it is loaded already: it must be the
   * one that the set was saved with.
   */
  readonly base: Network | TrainedNetwork
  /** Where strategies are looked up by name; those of this package and the baselines unless told. */
  readonly strategies?: readonly StrategyDefinition[]
  /**
   * What is done to the images of a domain before the network sees them: the same transforms, by name, as when it was trained. Nothing unless told.
   *
   * @param name Name of the domain.
   * @param config What is recorded of it.
   */
  transformsOf?(name: string, config: TransferConfig): readonly BatchTransform[]
}

/** Tensors are named by position and not by domain, so that another name for a domain changes no tensor. */
const prefixOf = (position: number): string => `domain${position}.`

const basePrefix = 'base.'

const configSchema = z.strictObject({
  formatVersion: z.literal(1),
  base: z.record(z.string(), z.string()),
  domains: z.array(z.strictObject({ name: z.string().min(1), model: z.record(z.string(), z.unknown()) })),
})

const renamed = (entries: readonly SafetensorsEntry[], rename: (name: string) => string): readonly SafetensorsEntry[] => entries.map((entry) => ({ ...entry, name: rename(entry.name) }))

/** The entries whose names begin with a prefix, without it. */
const under = (entries: readonly SafetensorsEntry[], prefix: string): readonly SafetensorsEntry[] =>
  renamed(
    entries.filter(({ name }) => name.startsWith(prefix)),
    (name) => name.slice(prefix.length),
  )

const textOf = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`)

/**
 * A set of domains as two files: the base once, and what is private to each domain.
 *
 * @param set The set.
 *
 * @example
 * ```ts
 * import type { Network } from '@transferkit/tensor'
 * import { type DomainSet, loadDomains, saveDomains } from '@transferkit/vision'
 *
 * const copyOf = async (set: DomainSet, base: Network) => loadDomains({ bytes: await saveDomains(set), base })
 * ```
 */
export const saveDomains = async ({ base, domains }: DomainSet): Promise<DomainSetBytes> => {
  const saved = readSafetensors(await saveNetwork(base))
  const artefacts = await Promise.all([...domains].map(async ([name, model]) => ({ name, ...(await model.artefact()) })))
  const config = {
    formatVersion: 1,
    base: saved.metadata,
    domains: artefacts.map(({ name, config }) => ({ name, model: readTransferConfig(config) })),
  } satisfies z.input<typeof configSchema> | { readonly domains: readonly { readonly model: TransferConfig }[] }
  const entries = artefacts.flatMap(({ tensors }, position) => renamed(readSafetensors(tensors).entries, (name) => `${prefixOf(position)}${name}`))
  return { config: textOf(config), tensors: writeSafetensors([...renamed(saved.entries, (name) => `${basePrefix}${name}`), ...entries]) }
}

const readConfig = (bytes: Uint8Array): z.output<typeof configSchema> => {
  try {
    return configSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw new TransferkitError('domains/config', 'domains.json is damaged, or was written by a later version of Transferkit.', { cause: error })
  }
}

const isTrained = (base: Network | TrainedNetwork): base is TrainedNetwork => 'variables' in base

/**
 * The set of domains that {@link saveDomains} wrote, bit for bit.
 *
 * @param options The files, the base, and where strategies and transforms come from.
 * @throws TransferkitError `artefact/wrong-source` or `network/wrong-file` when the base is another one, `domains/config` or `safetensors/corrupt` when a
 * file is damaged, and what `loadArtefact` throws.
 *
 * @example
 * ```ts
 * import { type DomainSetBytes, loadDomains, resnet26 } from '@transferkit/vision'
 *
 * const load = (bytes: DomainSetBytes) => loadDomains({ bytes, base: resnet26({ classes: 1000 }) })
 * ```
 */
export const loadDomains = async (options: LoadDomainsOptions): Promise<DomainSet> => {
  const { bytes, base, strategies = [...baselineStrategies, ...visionStrategies, compressedAdapters] } = options
  const config = readConfig(bytes.config)
  const { entries } = readSafetensors(bytes.tensors, 'domains.safetensors')
  const source = isTrained(base) ? base : loadNetwork(base, writeSafetensors(under(entries, basePrefix), config.base))
  const domains = new Map<string, TargetModel>()
  const set: DomainSet = { ...(await domainSet(source)), domains }
  try {
    for (const [position, { name, model }] of config.domains.entries()) {
      const artefact = { config: textOf(model), tensors: writeSafetensors(under(entries, prefixOf(position))) }
      const transforms = options.transformsOf?.(name, readTransferConfig(artefact.config)) ?? []
      domains.set(name, await loadArtefact({ artefact, source, strategies, transforms }))
    }
  } catch (error) {
    releaseDomains(set)
    if (!isTrained(base)) release([source.variables.params, source.variables.state])
    throw error
  }
  return set
}

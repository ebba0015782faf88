import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type ArchitectureDefinition, type BackendDefinition, type DatasetDefinition, type StrategyDefinition, TransferkitError } from '@transferkit/tensor'
import { resolve } from 'import-meta-resolve'
import { installedPlugins } from './installed-plugins.js'
import { codeHash } from './plugin-code.js'
import { checkContract, packageAround } from './plugin-manifest.js'

/** A strategy or regulariser that recipes can name; its options are checked by its own schema. @internal */
export type Method = StrategyDefinition

/** Whatever recipes can name and plugins can bring. @internal */
export type AnyDefinition = Method | ArchitectureDefinition | DatasetDefinition | BackendDefinition

/** What a definition is called in messages: ids are unique among those of one noun. @internal */
export const nouns = { structure: 'strategy', regulariser: 'strategy', network: 'network', dataset: 'data set', backend: 'backend' } as const satisfies Readonly<Record<AnyDefinition['kind'], string>>

/** A plugin with what it brings. @internal */
export interface Plugin {
  /** Its name or path as it was given. */
  readonly name: string
  /** Whether it is there because it is installed, and not because anybody listed it. */
  readonly isFound: boolean
  /** Hash of its code, where that is in files. */
  readonly code?: string
  /** The definitions that it exports. */
  readonly definitions: readonly AnyDefinition[]
}

/** What has the form of a definition, of whatever version of the contract. */
interface Versioned {
  readonly specVersion: unknown
}

const isVersioned = (value: unknown): value is Versioned =>
  typeof value === 'function' && 'specVersion' in value && 'kind' in value && typeof value.kind === 'string' && Object.hasOwn(nouns, value.kind) && 'name' in value

/**
 * Imports the packages that a recipe lists, and those that are installed beside it and say that they are plugins, and collects the definitions
 * that they export, singly or in lists.
 *
 * @param listed Names of packages, or paths that begin with a dot.
 * @param folder Folder that they are looked up from: that of the recipe.
 * @throws TransferkitError `plugin/not-found`, `plugin/failed` when importing it throws, `plugin/empty` when it exports no definition, `plugin/version` when it is
 * written for another version of the contract.
 * @internal
 */
export const importPlugins = async (listed: readonly string[], folder: string): Promise<readonly Plugin[]> => {
  const found = (await installedPlugins(folder)).filter((name) => !listed.includes(name))
  const named = [...new Set(listed)].map((name) => ({ name, isFound: false, address: addressOf(name, folder) }))
  const addresses = new Set(named.map(({ address }) => address))
  // One package may be listed by its path and found by its name.
  const others = found.map((name) => ({ name, isFound: true, address: addressOf(name, folder) })).filter(({ address }) => !addresses.has(address))
  return Promise.all([...named, ...others].map(async ({ name, isFound, address }) => ({ name, isFound, ...(await importPlugin(name, address)) })))
}

const importPlugin = async (plugin: string, address: string): Promise<Pick<Plugin, 'definitions' | 'code'>> => {
  const folder = address.startsWith('file:') ? dirname(fileURLToPath(address)) : undefined
  const declared = (folder === undefined ? undefined : await packageAround(folder))?.transferkit
  // A package that says nothing of itself may be listed all the same; what it exports then has to fit.
  if (declared !== undefined) checkContract(plugin, typeof declared === 'object' && declared !== null && 'specVersion' in declared ? declared.specVersion : undefined)
  const exported = Object.values(await importModule(address, plugin)).flat().filter(isVersioned)
  for (const { specVersion } of exported) checkContract(plugin, specVersion)
  if (exported.length === 0) {
    throw new TransferkitError('plugin/empty', `The plugin ${JSON.stringify(plugin)} exports nothing that recipes can name. It has to export what defineStrategy, defineRegulariser, defineNetwork, defineDataset or defineBackend gives, singly or in a list.`)
  }
  // Their version is that of the contract which AnyDefinition is the type of.
  const definitions = [...new Set(exported)] as unknown as readonly AnyDefinition[]
  return { definitions, ...(folder === undefined ? {} : { code: await codeHash(folder) }) }
}

const addressOf = (plugin: string, folder: string): string => {
  try {
    return resolve(plugin, pathToFileURL(join(folder, 'recipe.yaml')).href)
  } catch (cause) {
    throw new TransferkitError('plugin/not-found', `The plugin ${JSON.stringify(plugin)} is not installed where the recipe is. Run "npm install ${plugin}" in ${folder}, or correct its name.`, { cause })
  }
}

const importModule = async (address: string, plugin: string): Promise<Readonly<Record<string, unknown>>> => {
  try {
    // A module is an object of what it exports.
    return (await import(address)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND' && 'url' in cause && cause.url === address
    throw new TransferkitError('plugin/failed', `The plugin ${JSON.stringify(plugin)} cannot be imported: ${message}${isMissing ? ' Has it been built? Run "npm run build" in its folder.' : ''}`, { cause })
  }
}

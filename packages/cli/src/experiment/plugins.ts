import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type StrategyDefinition, TransferkitError } from '@transferkit/tensor'
import { resolve } from 'import-meta-resolve'
import { installedPlugins } from './installed-plugins.js'
import { checkContract, packageAround } from './plugin-manifest.js'

/** A strategy or regulariser that recipes can name; its options are checked by its own schema. @internal */
export type Method = StrategyDefinition

/** A plugin with what it brings. @internal */
export interface Plugin {
  /** Its name or path as it was given. */
  readonly name: string
  /** Whether it is there because it is installed, and not because anybody listed it. */
  readonly isFound: boolean
  /** The strategies and regularisers that it exports. */
  readonly methods: readonly Method[]
}

/** What has the form of a definition, of whatever version of the contract. */
interface AnyMethod {
  readonly specVersion: unknown
}

const isAnyMethod = (value: unknown): value is AnyMethod =>
  typeof value === 'function' && 'specVersion' in value && 'kind' in value && (value.kind === 'structure' || value.kind === 'regulariser') && 'name' in value

/**
 * Imports the packages that a recipe lists, and those that are installed beside it and say that they are plugins, and collects the strategies and
 * regularisers that they export, singly or in lists.
 *
 * @param listed Names of packages, or paths that begin with a dot.
 * @param folder Folder that they are looked up from: that of the recipe.
 * @throws TransferkitError `plugin/not-found`, `plugin/failed` when importing it throws, `plugin/empty` when it exports no strategy, `plugin/version` when it is
 * written for another version of the contract.
 * @internal
 */
export const importPlugins = async (listed: readonly string[], folder: string): Promise<readonly Plugin[]> => {
  const found = (await installedPlugins(folder)).filter((name) => !listed.includes(name))
  const named = [...new Set(listed)].map((name) => ({ name, isFound: false, address: addressOf(name, folder) }))
  const addresses = new Set(named.map(({ address }) => address))
  // One package may be listed by its path and found by its name.
  const others = found.map((name) => ({ name, isFound: true, address: addressOf(name, folder) })).filter(({ address }) => !addresses.has(address))
  return Promise.all([...named, ...others].map(async ({ name, isFound, address }) => ({ name, isFound, methods: await importPlugin(name, address) })))
}

const importPlugin = async (plugin: string, address: string): Promise<readonly Method[]> => {
  const declared = (address.startsWith('file:') ? await packageAround(dirname(fileURLToPath(address))) : undefined)?.transferkit
  // A package that says nothing of itself may be listed all the same; what it exports then has to fit.
  if (declared !== undefined) checkContract(plugin, typeof declared === 'object' && declared !== null && 'specVersion' in declared ? declared.specVersion : undefined)
  const exported = Object.values(await importModule(address, plugin)).flat().filter(isAnyMethod)
  for (const { specVersion } of exported) checkContract(plugin, specVersion)
  if (exported.length === 0) {
    throw new TransferkitError('plugin/empty', `The plugin ${JSON.stringify(plugin)} exports no strategy. It has to export what defineStrategy or defineRegulariser gives, singly or in a list.`)
  }
  // Their version is that of the contract which Method is the type of.
  return [...new Set(exported)] as unknown as readonly Method[]
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

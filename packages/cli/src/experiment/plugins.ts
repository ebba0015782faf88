import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type StrategyDefinition, TransferkitError } from '@transferkit/tensor'
import { resolve } from 'import-meta-resolve'

/** A strategy or regulariser that recipes can name; its options are checked by its own schema. @internal */
export type Method = StrategyDefinition

const isMethod = (value: unknown): value is Method =>
  typeof value === 'function' && 'specVersion' in value && value.specVersion === 1 && 'kind' in value && (value.kind === 'structure' || value.kind === 'regulariser') && 'name' in value

/**
 * Imports the packages that a recipe lists and collects the strategies and regularisers that they export, singly or in lists.
 *
 * @param plugins Names of packages, or paths that begin with a dot.
 * @param folder Folder that they are looked up from: that of the recipe.
 * @throws TransferkitError `plugin/not-found`, `plugin/failed` when importing it throws, `plugin/empty` when it exports no strategy.
 * @internal
 */
export const importPlugins = async (plugins: readonly string[], folder: string): Promise<readonly Method[]> => {
  const found = await Promise.all(plugins.map((plugin) => importPlugin(plugin, folder)))
  return found.flat()
}

const importPlugin = async (plugin: string, folder: string): Promise<readonly Method[]> => {
  const exported = await importModule(addressOf(plugin, folder), plugin)
  const methods = Object.values(exported).flat().filter(isMethod)
  if (methods.length === 0) {
    throw new TransferkitError('plugin/empty', `The plugin ${JSON.stringify(plugin)} exports no strategy. It has to export what defineStrategy or defineRegulariser gives, singly or in a list.`)
  }
  return [...new Set(methods)]
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
    throw new TransferkitError('plugin/failed', `The plugin ${JSON.stringify(plugin)} cannot be imported: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}


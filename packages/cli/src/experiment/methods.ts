import { defineMetaStrategies, metaRegularisers } from '@transferkit/meta'
import { nlpStrategies } from '@transferkit/nlp'
import { TransferkitError } from '@transferkit/tensor'
import { baselineStrategies } from '@transferkit/training'
import { networks, visionStrategies } from '@transferkit/vision'
import { inField } from '../recipe/in-field.js'
import { importPlugins, type Method } from './plugins.js'
import type { RecipeFile } from './read-recipe.js'

/**
 * All strategies and regularisers by name: those of Transferkit and those of plugins.
 *
 * @param plugins Packages that bring more.
 * @param folder Folder that the packages are looked up from.
 * @throws TransferkitError `plugin/name-taken` when two have the same name, and whatever {@link importPlugins} throws.
 * @internal
 */
export const availableMethods = async (plugins: readonly string[], folder: string): Promise<ReadonlyMap<string, Method>> => {
  const methods = new Map<string, Method>()
  for (const method of [...baselineStrategies, ...visionStrategies, ...nlpStrategies, ...defineMetaStrategies({ networks }), ...metaRegularisers, ...(await importPlugins(plugins, folder))]) {
    if (methods.has(method.name)) throw new TransferkitError('plugin/name-taken', `There are two strategies called ${JSON.stringify(method.name)}; the plugin that brings the second one has to rename it.`)
    methods.set(method.name, method)
  }
  return methods
}

/**
 * All strategies and regularisers that a recipe can name.
 *
 * @param file The recipe.
 * @throws TransferkitError `recipe/invalid` for a plugin that there is not, and what {@link availableMethods} throws.
 * @internal
 */
export const methodsOf = (file: RecipeFile): Promise<ReadonlyMap<string, Method>> => inField(file, ['plugins'], () => availableMethods(file.recipe.plugins, file.folder))

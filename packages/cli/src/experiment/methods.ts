import { defineMetaStrategies, metaRegularisers } from '@transferkit/meta'
import { nlpStrategies } from '@transferkit/nlp'
import { TransferkitError } from '@transferkit/tensor'
import { baselineStrategies } from '@transferkit/training'
import { networks, visionStrategies } from '@transferkit/vision'
import { inField } from '../recipe/in-field.js'
import { importPlugins, type Method, type Plugin } from './plugins.js'
import type { RecipeFile } from './read-recipe.js'

const ownMethods = (): readonly Method[] => [...baselineStrategies, ...visionStrategies, ...nlpStrategies, ...defineMetaStrategies({ networks }), ...metaRegularisers]

const withoutPlugin = ({ name, isFound }: Plugin): string => (isFound ? `run "npm uninstall ${name}"` : `take ${JSON.stringify(name)} out of the list of plugins`)

const nameTaken = (id: string, plugin: Plugin, other: Plugin | undefined): TransferkitError => {
  const advice = `Ids are unique: its author has to choose another one. Until then, ${withoutPlugin(plugin)}`
  const [shown, brings] = [JSON.stringify(id), JSON.stringify(plugin.name)]
  return new TransferkitError(
    'plugin/name-taken',
    other === undefined
      ? `The plugin ${brings} brings a strategy ${shown}, but Transferkit has one of that name. ${advice}`
      : `The plugins ${JSON.stringify(other.name)} and ${brings} both bring a strategy ${shown}. Keep one of the two: ${withoutPlugin(plugin)}, or ${withoutPlugin(other)}`,
  )
}

/**
 * All strategies and regularisers by name: those of Transferkit and those of plugins.
 *
 * @param plugins Packages that bring more, beside those that are installed and say that they are plugins.
 * @param folder Folder that the packages are looked up from.
 * @throws TransferkitError `plugin/name-taken` when two have the same name, and whatever {@link importPlugins} throws.
 * @internal
 */
export const availableMethods = async (plugins: readonly string[], folder: string): Promise<ReadonlyMap<string, Method>> => {
  const methods = new Map(ownMethods().map((method) => [method.name, method]))
  const broughtBy = new Map<string, Plugin>()
  for (const plugin of await importPlugins(plugins, folder)) {
    for (const method of plugin.methods) {
      const known = methods.get(method.name)
      // A plugin may pass on what another one brings.
      if (known === method) continue
      if (known !== undefined) throw nameTaken(method.name, plugin, broughtBy.get(method.name))
      methods.set(method.name, method)
      broughtBy.set(method.name, plugin)
    }
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

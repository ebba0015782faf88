import { TransferkitError } from '@transferkit/tensor'
import { baselineStrategies } from '@transferkit/training'
import { visionStrategies } from '@transferkit/vision'
import { importPlugins, type Method } from './plugins.js'

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
  for (const method of [...baselineStrategies, ...visionStrategies, ...(await importPlugins(plugins, folder))]) {
    if (methods.has(method.name)) throw new TransferkitError('plugin/name-taken', `There are two strategies called ${JSON.stringify(method.name)}; the plugin that brings the second one has to rename it.`)
    methods.set(method.name, method)
  }
  return methods
}

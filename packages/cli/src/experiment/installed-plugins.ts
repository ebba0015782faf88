import { join } from 'node:path'
import { foldersAround, packageAround, type PluginManifest, readManifest } from './plugin-manifest.js'

/** The description of a package that is installed for a folder. */
const installed = async (name: string, folder: string): Promise<PluginManifest | undefined> => {
  for (const around of foldersAround(folder)) {
    const manifest = await readManifest(join(around, 'node_modules', name))
    if (manifest !== undefined) return manifest
  }
  return undefined
}

/**
 * Names of the plugins that are there without being listed: what the package around a folder depends on, and that package itself, where their
 * descriptions have a field `transferkit`.
 *
 * @param folder Folder of the recipe.
 * @internal
 */
export const installedPlugins = async (folder: string): Promise<readonly string[]> => {
  const project = await packageAround(folder)
  if (project?.name === undefined) return []
  const used = await Promise.all(project.uses.map(async (name) => ({ name, declares: (await installed(name, project.folder))?.transferkit })))
  return [{ name: project.name, declares: project.transferkit }, ...used].filter(({ declares }) => declares !== undefined).map(({ name }) => name)
}

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { packageVersion } from '../package-version.js'

/** Version of the plugin contract. */
const contractVersion = 1

/** What the description of a package says that matters here; everything else in it is its own affair. */
const manifestSchema = z.object({
  name: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
  transferkit: z.unknown().optional(),
})

/** The description of a package. @internal */
export interface PluginManifest {
  /** Name of the package, where it has one. */
  readonly name?: string | undefined
  /** What it says of itself as a plugin, where it does. */
  readonly transferkit?: unknown
  /** Names of the packages that it depends on, also for its development. */
  readonly uses: readonly string[]
  /** Folder of the package. */
  readonly folder: string
}

/** The folder and those around it, from the inside out. @internal */
export const foldersAround = (folder: string): readonly string[] => (dirname(folder) === folder ? [folder] : [folder, ...foldersAround(dirname(folder))])

/** Reads the description of the package in a folder; undefined where there is none that can be read. @internal */
export const readManifest = async (folder: string): Promise<PluginManifest | undefined> => {
  try {
    const { name, dependencies, devDependencies, transferkit } = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
    return { name, transferkit, uses: Object.keys({ ...dependencies, ...devDependencies }), folder }
  } catch {
    return undefined
  }
}

/** The package that a folder lies in. @internal */
export const packageAround = async (folder: string): Promise<PluginManifest | undefined> => {
  for (const around of foldersAround(folder)) {
    const manifest = await readManifest(around)
    if (manifest?.name !== undefined) return manifest
  }
  return undefined
}

/**
 * Refuses a plugin that is written for another version of the contract.
 *
 * @param plugin Name of the plugin.
 * @param version The version that it says it is written for.
 * @throws TransferkitError `plugin/version`.
 * @internal
 */
export const checkContract = (plugin: string, version: unknown): void => {
  if (version === contractVersion) return
  const shown = JSON.stringify(plugin)
  if (typeof version !== 'number') {
    throw new TransferkitError('plugin/version', `The package ${shown} does not say which version of the plugin contract it is written for. Its package.json needs "transferkit": { "specVersion": ${contractVersion} }.`)
  }
  const advice = version > contractVersion ? 'Install a newer one: npm install transferkit@latest' : `Install a newer version of the plugin: npm install ${plugin}@latest`
  throw new TransferkitError('plugin/version', `The plugin ${shown} is written for version ${version} of the plugin contract, and transferkit ${packageVersion()} knows version ${contractVersion}. ${advice}`)
}

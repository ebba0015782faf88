import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { errorAbout } from './error-about.js'
import { pathExists } from './path-exists.js'

/** Name of the file that makes a folder an artefact. @internal */
export const configFile = 'transfer_config.json'

/**
 * The artefact in a folder of a run: its own, that of a training, or that of the only seed of a strategy.
 *
 * @param folder The folder.
 * @param shown The folder as it was given, for messages.
 * @returns The folder of the artefact; undefined where there is none.
 * @throws TransferkitError `usage/several-seeds`.
 * @internal
 */
export const findArtefact = async (folder: string, shown: string): Promise<string | undefined> => {
  for (const candidate of [folder, join(folder, 'artefact')]) if (await pathExists(join(candidate, configFile))) return candidate
  const seeds = (await readdir(folder)).filter((name) => /^seed-\d+$/.test(name)).sort()
  const [only, ...others] = seeds
  if (only === undefined) return undefined
  if (others.length > 0) throw new TransferkitError('usage/several-seeds', `${shown}: has several trainings, ${seeds.join(', ')}. Name one of them, such as ${join(shown, only)}.`)
  return findArtefact(join(folder, only), shown)
}

/**
 * Reads or loads an artefact; where one of its files is damaged, its folder is told.
 *
 * @param folder The folder of the artefact.
 * @param work What is done with its files.
 * @throws TransferkitError What `work` throws.
 * @internal
 */
export const inArtefact = async <T>(folder: string, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (cause) {
    throw errorAbout(folder, cause, (code) => code === 'artefact/config' || code.startsWith('safetensors/'))
  }
}

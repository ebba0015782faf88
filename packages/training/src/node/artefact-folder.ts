import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtefactBytes } from '../artefact/create-artefact.js'
import { writeAtomically } from './atomic-write.js'
import { fileError } from './file-error.js'

const configFile = 'transfer_config.json'
const tensorsFile = 'transfer.safetensors'

/**
 * Writes a transfer artefact: `transfer_config.json` and `transfer.safetensors`.
 *
 * @param folder Where to; made where it is missing.
 * @param artefact The two files, from `result.artefact()`.
 * @throws TransferkitError `file/disk-full` or `file/cannot-write`.
 *
 * @example
 * ```ts
 * import type { TargetModel } from '@transferkit/training'
 * import { saveArtefact } from '@transferkit/training/node'
 *
 * const save = async (result: TargetModel) => saveArtefact('my-model', await result.artefact())
 * ```
 */
export const saveArtefact = async (folder: string, artefact: ArtefactBytes): Promise<void> => {
  // The configuration comes last: a folder that has one is complete.
  await writeAtomically(join(folder, tensorsFile), artefact.tensors)
  await writeAtomically(join(folder, configFile), artefact.config)
}

/**
 * Reads the files of a transfer artefact, to be given to `loadArtefact`.
 *
 * @param folder Where it was saved.
 * @throws TransferkitError `file/cannot-read` when a file is missing.
 *
 * @example
 * ```ts
 * import { readArtefact } from '@transferkit/training/node'
 *
 * const read = () => readArtefact('my-model')
 * ```
 */
export const readArtefact = async (folder: string): Promise<ArtefactBytes> => ({
  config: await bytesOf(join(folder, configFile)),
  tensors: await bytesOf(join(folder, tensorsFile)),
})

const bytesOf = async (path: string): Promise<Uint8Array> => {
  try {
    return await readFile(path)
  } catch (error) {
    throw fileError('read', path, error)
  }
}

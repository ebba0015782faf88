import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import type { Definitions } from './definitions.js'
import { runFiles } from './run-layout.js'
import { readSourceFile, type SourceNetwork } from './source-file.js'

/**
 * Reads the source network of an artefact: from where the user says, else from the run folder around the artefact.
 *
 * @param artefact Folder of the artefact.
 * @param given What the user says.
 * @param networks Networks of plugins.
 * @throws TransferkitError `artefact/no-source` when it is not there.
 * @internal
 */
export const readArtefactSource = async (artefact: string, given: string | undefined, networks: Definitions['networks']): Promise<SourceNetwork> => {
  const folders: string[] = []
  for (let folder = artefact; folder !== dirname(folder); folder = dirname(folder)) folders.push(folder)
  for (const path of given === undefined ? folders.map((folder) => join(folder, runFiles.source)) : [given]) {
    const bytes = await readFile(path).catch(() => undefined)
    if (bytes !== undefined) return readSourceFile(bytes, path, networks)
  }
  throw new TransferkitError(
    'artefact/no-source',
    given === undefined
      ? `${artefact}: the weights of its source network are not in a run folder around it. Give them with --source: the file source.safetensors of the run folder that it was made in.`
      : `${given}: the weights of the source network cannot be read from there.`,
  )
}

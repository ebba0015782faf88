import { resolve } from 'node:path'
import type { CommandIo } from '../console/command-io.js'

/**
 * The folder with data of the user's own, as an absolute path: from the command line, else from the environment.
 *
 * @param given What the command line says.
 * @param io Environment and current folder.
 * @internal
 */
export const dataFolder = (given: string | undefined, { environment, workingFolder }: CommandIo): { readonly dataDir?: string } => {
  const folder = given ?? environment['TRANSFERKIT_DATA_DIR']
  return folder === undefined || folder === '' ? {} : { dataDir: resolve(workingFolder, folder) }
}

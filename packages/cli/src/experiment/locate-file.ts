import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import type { DataPlaces } from './open-dataset.js'

/**
 * The first of the places where a file that a recipe names may lie: the recipe's folder, then that of the user's own data.
 *
 * @param file What the recipe says.
 * @param missing What it is and the code of the error, where there is none.
 * @param places The places.
 * @throws TransferkitError With the given code where it is in none of them.
 * @internal
 */
export const locateFile = async (file: string, missing: { readonly what: string; readonly code: string }, { folder, dataDir }: Pick<DataPlaces, 'folder' | 'dataDir'>): Promise<string> => {
  const candidates = [resolve(folder, file), ...(dataDir === undefined ? [] : [resolve(dataDir, file)])]
  for (const path of candidates) if ((await stat(path).catch(() => undefined))?.isFile() === true) return path
  throw new TransferkitError(missing.code, `${missing.what}, ${file}: there is no such file at ${candidates.join(' nor at ')}. Correct the path${dataDir === undefined ? ', or give the folder that holds it with --data-dir' : ''}.`)
}

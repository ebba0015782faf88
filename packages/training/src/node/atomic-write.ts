import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileError } from './file-error.js'

/** Makes sure that a rename survives a power cut, where the system can. */
const syncFolder = async (folder: string): Promise<void> => {
  // Windows cannot open a folder; its renames need no such help.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file as a whole or not at all: into a temporary file beside it, which takes its place when all is on the disk.
 *
 * @param path The file; its folder is made where it is missing.
 * @param content Bytes or text.
 * @throws TransferkitError `file/disk-full` or `file/cannot-write`; the file is then as it was before.
 *
 * @example
 * ```ts
 * import { writeAtomically } from '@transferkit/training/node'
 *
 * const save = (bytes: Uint8Array) => writeAtomically('run/model.safetensors', bytes)
 * ```
 */
export const writeAtomically = async (path: string, content: Uint8Array | string): Promise<void> => {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomUUID()}.tmp`)
  try {
    await mkdir(folder, { recursive: true })
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    // What could not be written may not be there to be removed either.
    await rm(temporary, { force: true }).catch(() => undefined)
    throw fileError('write', path, error)
  }
}

import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError } from './file-error.js'

/** A file that grows. @internal */
export interface AppendFile {
  /** Adds to the end. */
  append(content: string | Uint8Array): Promise<void>
  /** Writes all to the disk and closes the file. */
  close(): Promise<void>
}

/**
 * Opens a file to add to; it is made at the first addition.
 *
 * @throws TransferkitError `file/disk-full` or `file/cannot-write` from the functions of the result.
 * @internal
 */
export const appendFile = (path: string): AppendFile => {
  let handle: FileHandle | undefined
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      throw fileError('write', path, error)
    }
  }
  return {
    append: (content) =>
      guarded(async () => {
        if (handle === undefined) {
          await mkdir(dirname(path), { recursive: true })
          handle = await open(path, 'a')
        }
        await handle.appendFile(content)
      }),
    close: () =>
      guarded(async () => {
        const opened = handle
        handle = undefined
        try {
          await opened?.sync()
        } finally {
          await opened?.close()
        }
      }),
  }
}

import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { onFile, systemCodeOf } from './file-error.js'

/** Name beside `path` for work in progress; no two processes or calls get the same. */
const temporaryBeside = (path: string): string => join(dirname(path), `.${basename(path)}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`)

/** Writes a file so that, whatever happens, `path` holds the whole new content or is as it was. */
export const writeFileAtomically = async (path: string, content: Uint8Array | string): Promise<void> =>
  onFile(path, async () => {
    await mkdir(dirname(path), { recursive: true })
    const temporary = temporaryBeside(path)
    try {
      const file = await open(temporary, 'wx')
      try {
        await file.writeFile(content)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  })

/**
 * Makes a folder with content so that it appears whole or not at all.
 *
 * When another process makes the same folder first, that one stays and this work is dropped.
 */
export const makeFolderAtomically = async (path: string, fill: (folder: string) => Promise<void>): Promise<void> =>
  onFile(path, async () => {
    await mkdir(dirname(path), { recursive: true })
    const temporary = temporaryBeside(path)
    try {
      await mkdir(temporary)
      await fill(temporary)
      try {
        await rename(temporary, path)
      } catch (error) {
        const code = systemCodeOf(error)
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error
      }
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  })

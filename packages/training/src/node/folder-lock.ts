import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { fileError, systemCode } from './file-error.js'

const holderSchema = z.object({ process: z.int().positive(), host: z.string(), since: z.string() })

type Holder = z.infer<typeof holderSchema>

/** Gives a folder free again. @internal */
export type Unlock = () => Promise<void>

const isAlive = (process_: number): boolean => {
  try {
    // Signal 0 asks whether the process is there without touching it.
    process.kill(process_, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

const holderOf = (text: string): Holder | undefined => {
  try {
    return holderSchema.parse(JSON.parse(text))
  } catch {
    // A process that died while it wrote its lock left half of it.
    return undefined
  }
}

const locked = (folder: string, { process: id, host, since }: Holder): TransferkitError =>
  new TransferkitError(
    'run/locked',
    `The run folder '${folder}' is in use by process ${id}${host === hostname() ? '' : ` on '${host}'`} since ${since}. Wait for it, stop it, or choose another folder.${host === hostname() ? '' : ` If that process is gone, delete '${join(folder, lockFile)}'.`}`,
  )

const lockFile = '.lock'

/** Takes a lock of a dead process out of the way, unless another process was faster. */
const removeStale = async (path: string, staleText: string): Promise<void> => {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) === staleText) await rm(aside)
    else await rename(aside, path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/**
 * Locks a folder for this process. The lock of a process that is no longer alive is taken over.
 *
 * @throws TransferkitError `run/locked` when another process has it, `file/cannot-write` when the folder cannot be written.
 * @internal
 */
export const lockFolder = async (folder: string): Promise<Unlock> => {
  const path = join(folder, lockFile)
  const mine: Holder = { process: process.pid, host: hostname(), since: new Date().toISOString() }
  try {
    await mkdir(folder, { recursive: true })
    for (;;) {
      try {
        const handle = await open(path, 'wx')
        try {
          await handle.writeFile(JSON.stringify(mine))
        } finally {
          await handle.close()
        }
        return async () => rm(path, { force: true })
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error
      }
      const text = await readFile(path, 'utf8').catch(() => '')
      const holder = holderOf(text)
      if (holder !== undefined && (holder.host !== mine.host || isAlive(holder.process))) throw locked(folder, holder)
      await removeStale(path, text)
    }
  } catch (error) {
    throw TransferkitError.isInstance(error) ? error : fileError('write', path, error)
  }
}

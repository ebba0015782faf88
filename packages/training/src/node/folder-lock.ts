import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** Milliseconds after which a file without a holder, or a takeover that has not ended, was left by a process that died. */
const patience = 2_000

/** Milliseconds between two looks. */
const interval = 20

const isOld = async (path: string): Promise<boolean> => Date.now() - (await stat(path)).mtimeMs > patience

/** The living holder of a lock; undefined when it died. One that has not written its name yet counts as living for a moment. */
const livingHolder = async (path: string): Promise<Holder | 'unnamed' | undefined> => {
  try {
    const holder = holderOf(await readFile(path, 'utf8'))
    if (holder === undefined) return (await isOld(path)) ? undefined : 'unnamed'
    return holder.host !== hostname() || isAlive(holder.process) ? holder : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Takes a lock of a dead process out of the way. Whoever looks and removes holds a second lock meanwhile: else another process could take the lock over between the look
 * and the removal, and lose it at once.
 */
const removeStale = async (path: string): Promise<void> => {
  const takeover = `${path}.takeover`
  try {
    await writeFile(takeover, '', { flag: 'wx' })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    // It is held for a moment only, unless its holder died in that moment.
    if (await isOld(takeover).catch(() => false)) await rm(takeover, { force: true })
    return
  }
  try {
    if ((await livingHolder(path)) === undefined) await rm(path, { force: true })
  } finally {
    await rm(takeover, { force: true })
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
      const holder = await livingHolder(path)
      if (typeof holder === 'object') throw locked(folder, holder)
      if (holder === undefined) await removeStale(path)
      await sleep(interval)
    }
  } catch (error) {
    throw TransferkitError.isInstance(error) ? error : fileError('write', path, error)
  }
}

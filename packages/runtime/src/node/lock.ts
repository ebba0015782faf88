import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a lock behaves; the defaults suit a set-up of minutes. @internal */
export interface LockOptions {
  /** Called once, when another process holds the lock. */
  readonly onWait?: (() => void) | undefined
  /** Stops waiting when it fires. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds between two looks, and between two signs of life of the holder. Default 500. */
  readonly interval?: number
  /** Milliseconds without a sign of life after which a holder on another machine counts as dead. Default 30,000. */
  readonly patience?: number
}

interface Holder {
  readonly token: string
  readonly host: string
  readonly process: number
}

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code

const isAlive = (id: number): boolean => {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // "Not permitted" means that it lives, as another user's process.
    return hasCode(error, 'EPERM')
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && 'token' in value && 'host' in value && 'process' in value

/** Whether a file has not been touched for so long. */
const isSilent = async (path: string, patience: number): Promise<boolean> => Date.now() - (await stat(path)).mtimeMs > patience

/** Whether the holder of a lock is gone. */
const isAbandoned = async (path: string, patience: number): Promise<boolean> => {
  let holder: unknown
  try {
    holder = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // A holder that died between making the file and writing to it.
    if (error instanceof SyntaxError) return isSilent(path, patience)
    throw error
  }
  return isHolder(holder) && holder.host === hostname() ? !isAlive(holder.process) : isSilent(path, patience)
}

/**
 * Takes an abandoned lock away; says whether the lock may be free now. Whoever looks and removes holds a second lock meanwhile: else another waiter could take the lock
 * over between the look and the removal, and lose it at once.
 */
const removeAbandoned = async (path: string, patience: number): Promise<boolean> => {
  const takeover = `${path}.takeover`
  try {
    if (!(await isAbandoned(path, patience))) return false
    await writeFile(takeover, '', { flag: 'wx' })
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true
    if (!hasCode(error, 'EEXIST')) throw error
    // It is held for a moment only, unless its holder died in that moment.
    if (await isSilent(takeover, patience).catch(() => false)) await rm(takeover, { force: true })
    return false
  }
  try {
    if (await isAbandoned(path, patience)) await rm(path, { force: true })
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  } finally {
    await rm(takeover, { force: true })
  }
  return true
}

/**
 * Runs a task while holding a lock file, so that of several processes one works and the others wait. The lock of a process that died is taken
 * over: at once on the same machine, after a while without a sign of life on another. @internal
 */
export const withLock = async <T>(path: string, task: () => Promise<T>, options: LockOptions = {}): Promise<T> => {
  const { onWait, signal, interval = 500, patience = 30_000 } = options
  const holder: Holder = { token: randomUUID(), host: hostname(), process: process.pid }
  await mkdir(dirname(path), { recursive: true })
  let waited = false
  for (;;) {
    signal?.throwIfAborted()
    try {
      await writeFile(path, JSON.stringify(holder), { flag: 'wx' })
      break
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    if (await removeAbandoned(path, patience)) continue
    if (!waited) onWait?.()
    waited = true
    await sleep(interval, undefined, signal === undefined ? {} : { signal })
  }
  const signOfLife = setInterval(() => {
    const now = new Date()
    // A lock that cannot be touched is noticed by whoever waits for it.
    utimes(path, now, now).catch(() => undefined)
  }, interval)
  signOfLife.unref()
  try {
    return await task()
  } finally {
    clearInterval(signOfLife)
    await rm(path, { force: true })
  }
}

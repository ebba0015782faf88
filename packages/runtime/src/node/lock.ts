import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
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

const isAlive = (id: number): boolean => {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // "Not permitted" means that it lives, as another user's process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && 'token' in value && 'host' in value && 'process' in value

/** The token of a holder that is gone; undefined when the lock is held or free. */
const abandonedBy = async (path: string, patience: number): Promise<string | undefined> => {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const silent = Date.now() - mtimeMs > patience
    let holder: unknown
    try {
      holder = JSON.parse(text)
    } catch {
      // A holder that died between making the file and writing to it.
      return silent ? text : undefined
    }
    if (!isHolder(holder)) return silent ? text : undefined
    const dead = holder.host === hostname() ? !isAlive(holder.process) : silent
    return dead ? text : undefined
  } catch {
    return undefined
  }
}

/** Takes an abandoned lock away, unless another waiter was faster and holds it by now. */
const removeAbandoned = async (path: string, content: string): Promise<void> => {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) === content) await rm(aside)
  else await rename(aside, path)
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
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const abandoned = await abandonedBy(path, patience)
    if (abandoned !== undefined) {
      await removeAbandoned(path, abandoned)
      continue
    }
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

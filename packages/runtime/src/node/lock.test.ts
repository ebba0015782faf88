import { existsSync } from 'node:fs'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from './lock.js'

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

/** Runs a task many times under the lock; gives how many ran at once at most. */
const mostAtOnce = async (times: number): Promise<number> => {
  let inside = 0
  let most = 0
  const task = async (): Promise<void> => {
    inside += 1
    most = Math.max(most, inside)
    await pause()
    inside -= 1
  }
  await Promise.all(Array.from({ length: times }, () => withLock(path, task, { interval: 1 })))
  return most
}

test('one works at a time, and all get their turn', async () => {
  expect(await mostAtOnce(5)).toBe(1)
  expect(existsSync(path)).toBe(false)
})

test('a failed task gives the lock back', async () => {
  await expect(withLock(path, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(await withLock(path, () => Promise.resolve('next'))).toBe('next')
})

test('waiting is said once and can be stopped', async () => {
  await writeFile(path, JSON.stringify({ token: 'held', host: hostname(), process: process.pid }))
  const stop = new AbortController()
  let said = 0
  const waiting = withLock(path, () => Promise.resolve(), {
    interval: 1,
    signal: stop.signal,
    onWait: () => {
      said += 1
      setTimeout(() => stop.abort(new Error('stopped')), 20)
    },
  })
  await expect(waiting).rejects.toThrow()
  expect(said).toBe(1)
  expect(existsSync(path)).toBe(true)
})

test('the lock of a silent holder on another machine is taken over; that of a busy one is not', async () => {
  const content = JSON.stringify({ token: 'held', host: 'another machine', process: 1 })
  await writeFile(path, content)
  await expect(withLock(path, () => Promise.resolve(), { interval: 1, signal: AbortSignal.timeout(30) })).rejects.toThrow()
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(path, longAgo, longAgo)
  expect(await withLock(path, () => Promise.resolve('taken over'), { interval: 1 })).toBe('taken over')
})

test('a lock without content is taken over once its maker has been silent for long', async () => {
  await writeFile(path, '')
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(path, longAgo, longAgo)
  expect(await withLock(path, () => Promise.resolve('taken over'), { interval: 1 })).toBe('taken over')
})

test('of several that find an abandoned lock, one works at a time, even when one died while it took it over', async () => {
  await writeFile(`${path}.takeover`, '')
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(`${path}.takeover`, longAgo, longAgo)
  await writeFile(path, JSON.stringify({ token: 'held', host: hostname(), process: 2 ** 30 }))
  expect(await mostAtOnce(8)).toBe(1)
})

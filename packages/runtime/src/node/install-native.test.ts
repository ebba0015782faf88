import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandResult, RunCommand } from './command.js'
import { type InstallSurroundings, installNativeIn } from './install-native.js'
import type { NativeLibrary } from './libraries.js'
import type { InstallProgress } from './progress.js'

const content = 'the wheel'
const library: NativeLibrary = {
  id: 'tensorflow-1.0-test',
  tensorflowVersion: '1.0',
  accelerator: 'cpu',
  wheels: [
    {
      project: 'demo',
      version: '1.0',
      file: 'demo-1.0-py3-none-any.whl',
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
      members: ['tensorflow/'],
    },
  ],
  unpackedBytes: 100,
}

type Step = 'python' | 'pip' | 'download' | 'unpack' | 'compiler' | 'compile'

const done = (output = ''): CommandResult => ({ status: 0, output, errors: '' })
const failed = (errors: string): CommandResult => ({ status: 1, output: '', errors })

const stepOf = (args: readonly string[]): Step | undefined => {
  if (args.includes('pip')) return args.includes('download') ? 'download' : 'pip'
  if (args[0]?.endsWith('unpack_wheel.py')) return 'unpack'
  return args.includes('-o') ? 'compile' : undefined
}

let folder = ''
let cache = ''
let ran: Step[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-install-'))
  cache = join(folder, 'cache')
  ran = []
  for (const name of ['upstream/binding', 'own/binding', 'own/loader', 'headers']) await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, 'own', 'binding', 'binding.cc'), '// our own')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The commands of a machine where everything works, some of them replaced. */
const machine = (replaced: Partial<Record<Step, () => Promise<CommandResult | undefined> | CommandResult | undefined>> = {}): RunCommand =>
  async (command, args, options) => {
    const step = stepOf(args) ?? (command.startsWith('python') ? 'python' : 'compiler')
    ran.push(step)
    options?.signal?.throwIfAborted()
    const replacement = replaced[step]
    if (replacement !== undefined) return replacement()
    switch (step) {
      case 'python':
        return done('Python 3.11.7')
      case 'pip':
        return done('pip 23.2 from somewhere')
      case 'compiler':
        return done('g++ 12')
      case 'download':
        await writeFile(join(args[args.indexOf('--dest') + 1]!, library.wheels[0]!.file), content)
        return done()
      case 'unpack':
        await mkdir(join(args[2]!, 'tensorflow'), { recursive: true })
        await writeFile(join(args[2]!, 'tensorflow', 'library'), 'unpacked')
        options?.onLine?.('8 8')
        return done()
      case 'compile':
        await writeFile(args[args.indexOf('-o') + 1]!, 'addon')
        return done()
    }
  }

const surroundings = (run: RunCommand, change: Partial<InstallSurroundings> = {}): InstallSurroundings => ({
  run,
  environment: {},
  target: { platform: 'linux', architecture: 'x64', glibc: '2.36' },
  freeBytes: () => Promise.resolve(1e9),
  chooseLibrary: () => library,
  findSources: () => ({ upstream: join(folder, 'upstream'), own: join(folder, 'own'), nodeHeaders: join(folder, 'headers') }),
  ...change,
})

const native = (...path: string[]): string => join(cache, 'native', ...path)

describe('installNative', () => {
  test('downloads, checks, unpacks and compiles once', async () => {
    const phases: InstallProgress[] = []
    const first = await installNativeIn(surroundings(machine()), { cache, onProgress: (progress) => phases.push(progress) })
    expect(first.reused).toBe(false)
    expect(existsSync(first.path)).toBe(true)
    expect(existsSync(native(library.id, 'tensorflow', 'library'))).toBe(true)
    expect([...new Set(phases.map(({ phase }) => phase))]).toEqual(['verify', 'unpack', 'compile'])
    expect(await readdir(native())).toEqual(expect.not.arrayContaining(['staging', 'set-up.lock']))
    expect(await readdir(native('downloads'))).toEqual([])

    ran = []
    const second = await installNativeIn(surroundings(machine()), { cache })
    expect(second).toEqual({ ...first, reused: true })
    expect(ran).toEqual([])
  })

  test('compiles alone when only our sources have changed', async () => {
    const first = await installNativeIn(surroundings(machine()), { cache })
    await writeFile(join(folder, 'own', 'binding', 'binding.cc'), '// our own, changed')
    ran = []
    const second = await installNativeIn(surroundings(machine()), { cache })
    expect(second.path).not.toBe(first.path)
    expect(ran).not.toContain('download')
    expect(ran).toContain('compile')
  })

  test('sets everything up afresh when forced', async () => {
    await installNativeIn(surroundings(machine()), { cache })
    ran = []
    expect((await installNativeIn(surroundings(machine()), { cache, force: true })).reused).toBe(false)
    expect(ran).toContain('download')
  })

  test('two at a time do it once: the other waits', async () => {
    const phases: string[] = []
    const onProgress = ({ phase }: InstallProgress): void => void phases.push(phase)
    const results = await Promise.all([
      installNativeIn(surroundings(machine()), { cache, onProgress }),
      installNativeIn(surroundings(machine()), { cache, onProgress }),
    ])
    expect(results.map(({ reused }) => reused).sort()).toEqual([false, true])
    expect(ran.filter((step) => step === 'download')).toHaveLength(1)
    expect(phases).toContain('wait')
  })

  test('takes over the lock of a process that has died', async () => {
    await mkdir(native(), { recursive: true })
    const { hostname } = await import('node:os')
    // No process has this number: it is beyond the largest that Linux gives.
    await writeFile(native('set-up.lock'), JSON.stringify({ token: 'x', host: hostname(), process: 2 ** 30 }))
    expect((await installNativeIn(surroundings(machine()), { cache })).reused).toBe(false)
  })

  test('removes what an interrupted run has left', async () => {
    await mkdir(native('staging', 'half'), { recursive: true })
    await installNativeIn(surroundings(machine()), { cache })
    expect(existsSync(native('staging'))).toBe(false)
  })

  test.each<Step>(['unpack', 'compile'])('an interruption while it is at %s leaves nothing half, and no second download', async (step) => {
    const stop = new AbortController()
    const interrupted = machine({
      [step]: () => {
        stop.abort(new Error('stopped by the user'))
        throw new Error('stopped by the user')
      },
    })
    await expect(installNativeIn(surroundings(interrupted), { cache, signal: stop.signal })).rejects.toThrow('stopped by the user')
    expect(existsSync(native('staging'))).toBe(false)
    expect(existsSync(native('set-up.lock'))).toBe(false)
    expect(existsSync(native(library.id))).toBe(step === 'compile')
    ran = []
    expect((await installNativeIn(surroundings(machine()), { cache })).reused).toBe(false)
    expect(ran).not.toContain('download')
  })

  test('a signal that has fired stops it before anything is made', async () => {
    await expect(installNativeIn(surroundings(machine()), { cache, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    expect(existsSync(native(library.id))).toBe(false)
  })

  test('a wheel that is not the pinned one is deleted and never unpacked', async () => {
    const forged = machine({
      download: async () => {
        await writeFile(native('staging', 'download', library.wheels[0]!.file), 'something else')
        return done()
      },
    })
    await expect(installNativeIn(surroundings(forged), { cache })).rejects.toMatchObject({ code: 'runtime/hash-mismatch' })
    expect(ran).not.toContain('unpack')
    expect(existsSync(native('downloads', library.wheels[0]!.file))).toBe(false)
  })

  test('a waiting download that is damaged is fetched again', async () => {
    const waiting = native('downloads', library.wheels[0]!.file)
    await mkdir(dirname(waiting), { recursive: true })
    await writeFile(waiting, 'half of i')
    await installNativeIn(surroundings(machine()), { cache })
    expect(ran).toContain('download')
  })

  test.each<[string, string, Parameters<typeof machine>[0], RegExp]>([
    ['no Python', 'runtime/python-missing', { python: () => undefined }, /python3-pip/],
    ['Python 2', 'runtime/python-missing', { python: () => done('Python 2.7.18') }, /Python 3/],
    ['no pip', 'runtime/pip-missing', { pip: () => failed('No module named pip') }, /ensurepip/],
    ['no compiler', 'runtime/compiler-missing', { compiler: () => undefined }, /apt-get install g\+\+/],
    ['no network', 'runtime/network', { download: () => failed('Max retries exceeded: Temporary failure in name resolution') }, /mirror/],
    ['a wheel that the index lacks', 'runtime/download-failed', { download: () => failed('No matching distribution found') }, /No matching distribution/],
    ['a disk that fills up while downloading', 'runtime/disk-full', { download: () => failed('OSError: [Errno 28] No space left on device') }, /TRANSFERKIT_CACHE/],
    ['a disk that fills up while unpacking', 'runtime/disk-full', { unpack: () => failed('OSError: [Errno 28] No space left on device') }, /TRANSFERKIT_CACHE/],
    ['a wheel that cannot be unpacked', 'runtime/unpack-failed', { unpack: () => failed('BadZipFile') }, /BadZipFile/],
    ['a compiler that fails', 'runtime/compile-failed', { compile: () => failed('error: no') }, /error: no/],
  ])('%s: one clear error, nothing left', async (_, code, replaced, advice) => {
    const attempt = installNativeIn(surroundings(machine(replaced)), { cache })
    await expect(attempt).rejects.toMatchObject({ code })
    await expect(attempt).rejects.toThrow(advice)
    expect(existsSync(native('staging'))).toBe(false)
    expect(existsSync(native('set-up.lock'))).toBe(false)
  })

  test.each([
    ['ENOSPC', 'runtime/disk-full'],
    ['EROFS', 'runtime/cache-unwritable'],
  ])('a cache that cannot be written to (%s) is named', async (code, expected) => {
    const failing = machine({ unpack: () => Promise.reject(Object.assign(new Error(`${code}: no`), { code })) })
    const attempt = installNativeIn(surroundings(failing), { cache })
    await expect(attempt).rejects.toMatchObject({ code: expected })
    await expect(attempt).rejects.toThrow(cache)
  })

  test('too little disk space is found before anything is downloaded', async () => {
    await expect(installNativeIn(surroundings(machine(), { freeBytes: () => Promise.resolve(50) }), { cache })).rejects.toMatchObject({ code: 'runtime/disk-full' })
    expect(ran).not.toContain('download')
  })
})

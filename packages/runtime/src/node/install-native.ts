import { mkdir, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { type BindingSources, bindingFiles, compileBinding, findBindingSources } from './binding.js'
import { cacheFolder } from './cache-folder.js'
import { type RunCommand, runCommand } from './command.js'
import { type Accelerator, chooseLibrary, type LibraryTarget, type NativeLibrary } from './libraries.js'
import { withLock } from './lock.js'
import { libraryTarget } from './machine.js'
import { builtBinding, isUnpacked, libraryRecord, nativeLayout, recordName } from './native-cache.js'
import type { InstallProgress, OnProgress } from './progress.js'
import { type BuildTools, requireBuildTools } from './tools.js'
import { fetchWheel, unpackWheel } from './wheel.js'

/** What to set up, and how to follow it. */
export interface InstallOptions {
  /** What to compute on. Default `cpu`; `cuda` downloads about 3.4 GB and needs an NVIDIA card with a driver of 525 or newer. */
  readonly accelerator?: Accelerator
  /** Cache folder. Default: {@link cacheFolder}. */
  readonly cache?: string
  /** Receives progress events. */
  readonly onProgress?: (progress: InstallProgress) => void
  /** Stops the set-up when it fires; what is verified stays for the next try, nothing else. */
  readonly signal?: AbortSignal
  /** Set up afresh even when everything is there. Default false. */
  readonly force?: boolean
}

/** A native backend that is ready to be opened. */
export interface InstalledNative {
  /** The binding, a Node addon. */
  readonly path: string
  /** Version of TensorFlow below it. */
  readonly tensorflowVersion: string
  /** What it computes on. */
  readonly accelerator: Accelerator
  /** Whether everything was there already. */
  readonly reused: boolean
}

/** What the set-up takes from its surroundings; tests put their own in its place. @internal */
export interface InstallSurroundings {
  readonly run: RunCommand
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly target: LibraryTarget
  /** Free bytes on the disk of a folder. */
  readonly freeBytes: (folder: string) => Promise<number>
  readonly chooseLibrary: (target: LibraryTarget, accelerator: Accelerator) => NativeLibrary
  readonly findSources: () => BindingSources
}

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

const processSurroundings = (): InstallSurroundings => ({
  run: runCommand,
  environment: process.env,
  target: libraryTarget(),
  freeBytes,
  chooseLibrary,
  findSources: findBindingSources,
})

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

const requireSpace = async (library: NativeLibrary, cache: string, surroundings: InstallSurroundings): Promise<void> => {
  const downloads = library.wheels.reduce((total, { bytes }) => total + bytes, 0)
  const needed = library.unpackedBytes + downloads
  const free = await surroundings.freeBytes(cache)
  if (free < needed)
    throw new TransferkitError(
      'runtime/disk-full',
      `The native set-up needs ${gigabytes(needed)} of free disk space while it runs, ${gigabytes(library.unpackedBytes)} afterwards; ${cache} has ${gigabytes(free)}. Free some, or set TRANSFERKIT_CACHE to a folder on another disk.`,
    )
}

const explanations: Readonly<Record<string, readonly [code: string, problem: string]>> = {
  ENOSPC: ['runtime/disk-full', 'is on a disk that is full'],
  EDQUOT: ['runtime/disk-full', 'is on a disk whose quota is used up'],
  EACCES: ['runtime/cache-unwritable', 'may not be written to'],
  EPERM: ['runtime/cache-unwritable', 'may not be written to'],
  EROFS: ['runtime/cache-unwritable', 'is on a disk that may only be read'],
}

/** Says what a failed file operation means for the set-up. */
const explain = (error: unknown, cache: string): unknown => {
  if (!(error instanceof Error) || !('code' in error)) return error
  const explanation = explanations[String(error.code)]
  if (explanation === undefined) return error
  const [code, problem] = explanation
  return new TransferkitError(code, `The native set-up failed: the cache folder ${cache} ${problem} (${error.message}). Set TRANSFERKIT_CACHE to another folder.`, { cause: error })
}

interface Workplace {
  readonly library: NativeLibrary
  readonly cache: string
  readonly tools: BuildTools
  readonly onProgress: OnProgress
  readonly signal: AbortSignal | undefined
}

/** Unpacks a library beside its place and moves it there whole. */
const placeLibrary = async (workplace: Workplace, surroundings: InstallSurroundings): Promise<void> => {
  const { library, cache, tools, onProgress, signal } = workplace
  const layout = nativeLayout(cache, library)
  await requireSpace(library, cache, surroundings)
  const context = { run: surroundings.run, python: tools.python, ...layout, onProgress, signal }
  const unfinished = join(layout.staging, library.id)
  const wheels: string[] = []
  for (const wheel of library.wheels) {
    const path = await fetchWheel(wheel, context)
    await unpackWheel(path, wheel, unfinished, context)
    wheels.push(path)
  }
  await writeFile(join(unfinished, recordName), libraryRecord(library))
  await rm(layout.library, { recursive: true, force: true })
  await rename(unfinished, layout.library)
  for (const path of wheels) await rm(path)
}

/** The set-up with its surroundings given. @internal */
export const installNativeIn = async (surroundings: InstallSurroundings, options: InstallOptions): Promise<InstalledNative> => {
  const { accelerator = 'cpu', cache = cacheFolder(), onProgress = () => undefined, signal, force = false } = options
  const library = surroundings.chooseLibrary(surroundings.target, accelerator)
  const sources = surroundings.findSources()
  const installed = (reused: boolean): InstalledNative => ({
    path: join(nativeLayout(cache, library).library, bindingFiles(sources).loader),
    tensorflowVersion: library.tensorflowVersion,
    accelerator,
    reused,
  })
  if (!force && builtBinding(cache, library, sources) !== undefined) return installed(true)

  const tools = await requireBuildTools(surroundings.run, surroundings.environment)
  const layout = nativeLayout(cache, library)
  const event = (phase: InstallProgress['phase'], subject: string): InstallProgress => ({ phase, subject, completed: 0, total: 0 })
  const setUp = withLock(
    layout.lock,
    async () => {
      // Whoever held the lock before may have done it all.
      if (!force && builtBinding(cache, library, sources) !== undefined) return installed(true)
      // What an interrupted run has left.
      await rm(layout.staging, { recursive: true, force: true })
      await mkdir(layout.staging, { recursive: true })
      try {
        if (force || !isUnpacked(layout, library)) await placeLibrary({ library, cache, tools, onProgress, signal }, surroundings)
        onProgress(event('compile', bindingFiles(sources).loader))
        await compileBinding(sources, layout.library, layout.staging, tools.compiler, surroundings.run, signal)
      } finally {
        await rm(layout.staging, { recursive: true, force: true })
      }
      return installed(false)
    },
    { onWait: () => onProgress(event('wait', dirname(layout.lock))), signal },
  )
  return setUp.catch((error: unknown) => {
    throw explain(error, cache)
  })
}

/**
 * Sets up the native backend: downloads TensorFlow's library with pip, checks its hash, unpacks what is needed and compiles the binding of
 * `@tensorflow/tfjs-node-gpu` against it. About 274 MB are downloaded and 0.9 GB of disk are used for the `cpu` build.
 *
 * It is done once per user: what is there is used again, two processes at the same time do it once, and a run that was
 * interrupted leaves nothing behind except verified downloads, which the next run takes.
 *
 * @param options What to set up, and how to follow it.
 * @returns Where the binding lies.
 * @throws TransferkitError with what is missing or went wrong and what to do: `runtime/unsupported-platform`, `runtime/upstream-missing`,
 * `runtime/python-missing`, `runtime/pip-missing`, `runtime/compiler-missing`, `runtime/network`, `runtime/download-failed`,
 * `runtime/hash-mismatch`, `runtime/disk-full`, `runtime/cache-unwritable`, `runtime/unpack-failed`, `runtime/compile-failed`. When the signal fires, its reason is thrown.
 *
 * @example
 * ```ts
 * import { installNative } from '@transferkit/runtime/node'
 *
 * const { path } = await installNative({ onProgress: ({ phase, completed, total }) => console.log(phase, completed, total) })
 * ```
 */
export const installNative = (options: InstallOptions = {}): Promise<InstalledNative> => installNativeIn(processSurroundings(), options)

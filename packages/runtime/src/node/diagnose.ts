import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackendName, BackendOption } from '../backend.js'
import type { Candidate } from '../choose.js'
import { cpuCandidate } from '../cpu-candidate.js'
import type { Verification } from '../verify.js'
import { wasmCandidate } from '../wasm/candidate.js'
import { cacheFolder } from './cache-folder.js'
import { type RunCommand, runCommand } from './command.js'
import type { LibraryTarget } from './libraries.js'
import { libraryTarget } from './machine.js'
import { nativeCandidate } from './native-candidate.js'
import { findNative } from './native-state.js'
import { canBeResolved } from './resolve.js'
import { driverSuffices, findCompiler, findNvidiaDriver, findPip, findPython, type Tool, toolAdvice } from './tools.js'

/** What was found out about one backend. */
export interface DiagnosedBackend extends BackendOption {
  /** What it is, such as `TensorFlow 2.21.0 on 2 threads`; absent when it cannot be used. */
  readonly description?: string
  /** Result of its numerical check; absent when it cannot be used. */
  readonly verification?: Verification
}

/** What the doctor found. */
export interface Diagnosis {
  /** Version of Node, such as `v20.19.0`. */
  readonly node: string
  /** The machine. */
  readonly machine: LibraryTarget
  /** Python 3; absent when there is none. */
  readonly python?: Tool
  /** pip of that Python; absent when there is none. */
  readonly pip?: Tool
  /** C++ compiler; absent when there is none. */
  readonly compiler?: Tool
  /** Version of the NVIDIA driver; absent when there is none. */
  readonly nvidiaDriver?: string
  /** Folder with the native set-up. */
  readonly cache: string
  /** Bytes of disk that the cache takes. */
  readonly cacheBytes: number
  /** The backends, from fast to slow. */
  readonly backends: readonly DiagnosedBackend[]
  /** The backend that `auto` takes here; absent when none can be used. */
  readonly chosen?: BackendName
  /** What would make things better, one sentence each. */
  readonly advice: readonly string[]
}

/** Where the doctor looks. */
export interface DiagnoseOptions {
  /** Cache folder with the native set-up. Default: {@link cacheFolder}. */
  readonly cache?: string
}

const folderBytes = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0)))
  return sizes.reduce((total, size) => total + size, 0)
}

/** Opens a backend, checks its numbers and closes it. */
const examine = async (candidate: Candidate): Promise<DiagnosedBackend> => {
  const option = await candidate.inspect()
  if (!option.usable) return option
  const { backend } = option
  const { openFirst } = await import('../choose.js')
  const { verifyBackend } = await import('../verify.js')
  try {
    const { description, close } = await openFirst([candidate], backend)
    const verification = verifyBackend(backend)
    close()
    const found = { ...option, description, verification }
    return verification.passed ? found : { ...found, usable: false, reason: 'it computes wrong numbers.' }
  } catch (error) {
    return { ...option, usable: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** What the doctor takes from its surroundings. @internal */
export interface DiagnoseSurroundings {
  readonly run: RunCommand
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly machine: LibraryTarget
  readonly candidates: readonly Candidate[]
}

const adviceFor = (found: Pick<Diagnosis, 'python' | 'pip' | 'compiler' | 'nvidiaDriver' | 'backends'>): readonly string[] => {
  const native = found.backends.find(({ backend }) => backend === 'native')
  const advice: string[] = []
  if (native?.usable === false && native.fix !== undefined) {
    if (found.python === undefined) advice.push(toolAdvice.python)
    else if (found.pip === undefined) advice.push(toolAdvice.pip)
    if (found.compiler === undefined) advice.push(toolAdvice.compiler)
  }
  for (const { usable, fix } of found.backends) if (!usable && fix !== undefined) advice.push(fix)
  if (driverSuffices(found.nvidiaDriver) && native?.description?.includes('GPU') !== true)
    advice.push('There is an NVIDIA card: npx transferkit runtime --install --accelerator cuda sets TensorFlow up for it (3.4 GB; not yet tried by us on a GPU).')
  return advice
}

/** The doctor with its surroundings given. @internal */
export const diagnoseIn = async ({ run, environment, machine, candidates }: DiagnoseSurroundings, cache: string): Promise<Diagnosis> => {
  const python = await findPython(run, environment)
  const pip = python && (await findPip(run, python))
  const compiler = await findCompiler(run, environment)
  const nvidiaDriver = await findNvidiaDriver(run)
  const backends: DiagnosedBackend[] = []
  // One after the other: each becomes TensorFlow.js's active backend while it is examined.
  for (const candidate of candidates) backends.push(await examine(candidate))
  const tools = {
    ...(python === undefined ? {} : { python }),
    ...(pip === undefined ? {} : { pip }),
    ...(compiler === undefined ? {} : { compiler }),
    ...(nvidiaDriver === undefined ? {} : { nvidiaDriver }),
  }
  const chosen = backends.find(({ usable }) => usable)?.backend
  return {
    node: process.version,
    machine,
    ...tools,
    cache,
    cacheBytes: await folderBytes(cache),
    backends,
    ...(chosen === undefined ? {} : { chosen }),
    advice: adviceFor({ ...tools, backends }),
  }
}

/**
 * Examines the machine: which backends can be used and compute right numbers, why others cannot, and what to do about it. Nothing is installed.
 *
 * Every backend is opened and closed again, which removes all tensors: call it before a runtime is opened, or in a process of its own.
 *
 * @param options Where to look.
 * @returns What was found; {@link formatDiagnosis} makes it readable.
 *
 * @example
 * ```ts
 * import { diagnose, formatDiagnosis } from '@transferkit/runtime/node'
 *
 * console.log(formatDiagnosis(await diagnose()))
 * ```
 */
export const diagnose = ({ cache = cacheFolder() }: DiagnoseOptions = {}): Promise<Diagnosis> =>
  diagnoseIn(
    {
      run: runCommand,
      environment: process.env,
      machine: libraryTarget(),
      candidates: [nativeCandidate(findNative(cache), undefined), wasmCandidate(canBeResolved), cpuCandidate(canBeResolved)],
    },
    cache,
  )

import type { BackendName, Runtime } from '../backend.js'
import { openFirst, parseBackend } from '../choose.js'
import { cpuCandidate } from '../cpu-candidate.js'
import { wasmCandidate } from '../wasm/candidate.js'
import { cacheFolder } from './cache-folder.js'
import { type InstallOptions, installNative } from './install-native.js'
import { canBeResolved } from './resolve.js'
import { nativeCandidate } from './native-candidate.js'
import { findNative } from './native-state.js'
import { processWarning } from './process-warning.js'

/** Which backend to open, and what may be set up for it. */
export interface OpenNodeRuntimeOptions {
  /**
   * A backend by name, or `auto` for the fastest that can be opened. Default: the environment variable `TRANSFERKIT_BACKEND`, else `auto`.
   */
  readonly backend?: BackendName | 'auto'
  /**
   * Whether native TensorFlow may be downloaded and built when it is not set up, and how. Default false: nothing is ever downloaded
   * unasked. When the set-up fails and the backend is `auto`, the next one is taken.
   */
  readonly install?: boolean | InstallOptions
  /** Processor threads that one native operation may use. Default: all. Fixed once native TensorFlow is loaded. */
  readonly threads?: number
  /** Cache folder with the native set-up. Default: {@link cacheFolder}. */
  readonly cache?: string
  /**
   * Told once of each compiled function that runs op by op, and why; and once where a function is compiled in a precision that there is not. Default: a warning of the process, of type `TransferkitWarning`.
   *
   * @param text One sentence or two, for people.
   */
  readonly onWarning?: (text: string) => void
}

/**
 * Opens the fastest backend of the machine and makes it the active one of TensorFlow.js: native TensorFlow if it is set up (by
 * {@link installNative}, or by upstream's own installer), else WebAssembly, else plain JavaScript.
 *
 * @param options Which backend to open, and what may be set up for it.
 * @returns The open runtime, which says what was taken and why.
 * @throws TransferkitError `runtime/backend-unavailable` when the backend that is asked for cannot be opened; `runtime/unknown-backend`; with
 * `install` and the backend `native`, whatever {@link installNative} throws.
 *
 * @example
 * ```ts
 * import { openRuntime } from '@transferkit/runtime/node'
 *
 * const runtime = await openRuntime()
 * console.log(runtime.reason) // 'native: TensorFlow 2.21.0 on 2 threads, the fastest that there is here.'
 * ```
 */
export const openRuntime = async (options: OpenNodeRuntimeOptions = {}): Promise<Runtime> => {
  const { install = false, threads, cache = cacheFolder(), onWarning = processWarning } = options
  const asked =
    options.backend === undefined
      ? parseBackend(process.env['TRANSFERKIT_BACKEND'] || 'auto', 'TRANSFERKIT_BACKEND')
      : parseBackend(options.backend, 'backend')
  let state = findNative(cache)
  if (install !== false && state.binding === undefined && (asked === 'auto' || asked === 'native')) {
    try {
      await installNative({ cache, ...(install === true ? {} : install) })
      state = findNative(cache)
    } catch (error) {
      const stopped = install !== true && install.signal?.aborted === true
      if (stopped || asked === 'native' || !(error instanceof Error)) throw error
      state = { ...state, reason: error.message }
    }
  }
  return openFirst([nativeCandidate(state, threads, onWarning), wasmCandidate(canBeResolved), cpuCandidate(canBeResolved)], asked, onWarning)
}

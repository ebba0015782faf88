import type { BackendName, Runtime } from './backend.js'
import { type Candidate, openFirst, parseBackend } from './choose.js'
import { cpuCandidate } from './cpu-candidate.js'
import { graphicsCandidate } from './graphics-candidate.js'
import { canBeImported, type PackageProbe } from './installed-package.js'
import { wasmCandidate } from './wasm/candidate.js'

/** Which backend to open. */
export interface OpenRuntimeOptions {
  /** A backend by name, or `auto` for the fastest that can be opened. Default `auto`. */
  readonly backend?: BackendName | 'auto'
  /**
   * Told once where a function is compiled in a precision that there is not. Default: a warning on the console.
   *
   * @param text One sentence, for people.
   */
  readonly onWarning?: (text: string) => void
}

/** The backends that need nothing of Node, from fast to slow. */
const portableCandidates = (isInstalled: PackageProbe): readonly Candidate[] => [
  graphicsCandidate('webgpu'),
  graphicsCandidate('webgl'),
  wasmCandidate(isInstalled),
  cpuCandidate(isInstalled),
]

/**
 * Opens the fastest backend that works in a browser, and makes it the active one of TensorFlow.js: WebGPU or WebGL if the page has registered
 * them, else WebAssembly, else plain JavaScript. In Node, use `@transferkit/runtime/node`, which knows native TensorFlow too.
 *
 * @param options Which backend to open.
 * @returns The open runtime, which says what was taken and why.
 * @throws TransferkitError `runtime/backend-unavailable` when the backend that is asked for, or any, cannot be opened; `runtime/unknown-backend`.
 *
 * @example
 * ```ts
 * import { openRuntime } from '@transferkit/runtime'
 *
 * const runtime = await openRuntime({ backend: 'cpu' })
 * runtime.reason // 'cpu: plain JavaScript on 1 thread, as asked for.'
 * runtime.close()
 * ```
 */
export const openRuntime = async (options: OpenRuntimeOptions = {}): Promise<Runtime> =>
  openFirst(portableCandidates(canBeImported), parseBackend(options.backend ?? 'auto', 'backend'), options.onWarning)

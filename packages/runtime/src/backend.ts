import type { Compile, Precision } from '@transferkit/tensor'

/**
 * Name of a backend: what executes the tensor operations.
 *
 * - `native`: TensorFlow's C++ library, through the binding of `@tensorflow/tfjs-node-gpu`; Node only;
 * - `webgpu`, `webgl`: the graphics card of a browser, when the page has registered TensorFlow.js's backend of that name;
 * - `wasm`: WebAssembly, through `@tensorflow/tfjs-backend-wasm`;
 * - `cpu`: plain JavaScript, through `@tensorflow/tfjs-backend-cpu`.
 */
export type BackendName = 'native' | 'webgpu' | 'webgl' | 'wasm' | 'cpu'

/** One backend as seen from this machine: whether it can be used, and if not, what to do. */
export interface BackendOption {
  /** Which backend. */
  readonly backend: BackendName
  /** Whether it works here, as far as this can be told without opening it. */
  readonly usable: boolean
  /** One line: why it can or cannot be used. */
  readonly reason: string
  /** One line: what to do to make it usable; absent when nothing has to be, or nothing can be, done. */
  readonly fix?: string
}

/** A chosen backend, and what else would have been possible. */
export interface BackendChoice {
  /** The backend that is in use. */
  readonly backend: BackendName
  /** One line: which backend was taken, and why. */
  readonly reason: string
  /** The other backends, from fast to slow. */
  readonly alternatives: readonly BackendOption[]
}

/** An open runtime: its backend is the active one of TensorFlow.js until it is closed. */
export interface Runtime extends BackendChoice {
  /** What the backend is, such as `TensorFlow 2.21.0 on 2 threads`. */
  readonly description: string
  /** Version of the TensorFlow library below a native backend, such as `2.21.0`; absent for all others. */
  readonly tensorflowVersion?: string
  /** Number of processor threads that one operation may use. */
  readonly threads: number
  /** What `compile` can compute in here: `bfloat16` only where it is faster, which is native TensorFlow on a processor with instructions for it. */
  readonly precisions: readonly Precision[]
  /**
   * Makes a faster form of a pure function, such as a training step: a native backend records it once and replays it as one operation; on all other
   * backends, and on a native one that was set up by upstream's installer, it is the function itself. In a
   * precision that there is not here it computes in float32, and a warning says so once.
   */
  readonly compile: Compile
  /** Removes the backend and every tensor that lives on it. Closing twice does nothing. */
  readonly close: () => void
}

/** Name under which TensorFlow.js knows a backend. @internal */
export const upstreamName = (backend: BackendName): string => (backend === 'native' ? 'tensorflow' : backend)

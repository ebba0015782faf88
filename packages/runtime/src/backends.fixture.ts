import type { Runtime } from './backend.js'
import { type OpenNodeRuntimeOptions, openRuntime } from './node/open-runtime.js'
import { cacheFolder } from './node/cache-folder.js'
import { findNative } from './node/native-state.js'

/** A backend that tests can open on this machine. */
export interface TestedBackend {
  readonly name: string
  readonly backend: 'native' | 'wasm' | 'cpu'
  readonly open: (options?: Pick<OpenNodeRuntimeOptions, 'onWarning'>) => Promise<Runtime>
}

const tested = (backend: TestedBackend['backend']): TestedBackend => ({ name: backend, backend, open: (options = {}) => openRuntime({ backend, ...options }) })

const native = findNative(cacheFolder())

// Said aloud, past the guard that forbids tests to write to the console.
if (native.binding === undefined) process.stderr.write(`Skipped: tests of the native backend, because ${native.reason}\n`)

/** The backends of this machine; native only where it is set up. */
export const backendsToTest: readonly TestedBackend[] = [...(native.binding === undefined ? [] : [tested('native')]), tested('wasm'), tested('cpu')]

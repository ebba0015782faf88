import type { Candidate } from '../choose.js'
import { installedOption, type PackageProbe } from '../installed-package.js'
import { rememberHandlers } from '../process-handlers.js'

/** Imports upstream's package, which registers its backend. */
const importUpstream = () => import('@tensorflow/tfjs-backend-wasm')

/** WebAssembly, with the kernels that it lacks. @internal */
export const wasmCandidate = (isInstalled: PackageProbe): Candidate => ({
  backend: 'wasm',
  async inspect() {
    if (typeof WebAssembly === 'undefined') return { backend: 'wasm', usable: false, reason: 'this machine has no WebAssembly.' }
    return installedOption('wasm', '@tensorflow/tfjs-backend-wasm', 'WebAssembly is there; it needs no set-up.', isInstalled)
  },
  async open() {
    const { env, setBackend } = await import('@tensorflow/tfjs-core')
    const { getThreadsCount } = await importUpstream()
    const { registerMissing, replaceKernels } = await import('../registration.js')
    const { wasmKernels, wasmRepairs } = await import('./kernels.js')
    const restoreHandlers = rememberHandlers()
    const opened = await setBackend('wasm').finally(restoreHandlers)
    if (!opened) throw new Error('its WebAssembly module could not be loaded.')
    registerMissing('wasm', wasmKernels)
    replaceKernels('wasm', wasmRepairs)
    const threads = Math.max(1, getThreadsCount())
    const simd = (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true
    return { description: `WebAssembly ${simd ? 'with' : 'without'} SIMD on ${threads} ${threads === 1 ? 'thread' : 'threads'}`, threads }
  },
})

import { availableParallelism } from 'node:os'
import type { BackendOption } from '../backend.js'
import type { Candidate } from '../choose.js'
import { loadNative } from './load-native.js'
import { hasFastBfloat16 } from './machine.js'
import type { NativeState } from './native-state.js'
import { processWarning } from './process-warning.js'

const nativeOption = ({ binding, reason, fix }: NativeState): BackendOption => ({
  backend: 'native',
  usable: binding !== undefined,
  reason,
  ...(fix === undefined ? {} : { fix }),
})

/** Native TensorFlow, if it is set up. @internal */
export const nativeCandidate = (state: NativeState, threads: number | undefined, warn = processWarning): Candidate => ({
  backend: 'native',
  inspect: () => Promise.resolve(nativeOption(state)),
  async open() {
    const { binding, upstream } = state
    if (binding === undefined || upstream === undefined) throw new Error(state.reason)
    const { backend: activeBackend, registerBackend, setBackend } = await import('@tensorflow/tfjs-core')
    const { findBackendFactory } = await import('../upstream-backends.js')
    const { registerMissing } = await import('../registration.js')
    const { nativeKernels } = await import('../native/kernels.js')
    const { fusedBatchNormKernels } = await import('../native/fused-batch-normalisation.js')
    const { recurrentKernels } = await import('../native/recurrent.js')
    const { descentKernels } = await import('../native/descent.js')
    const { nativeCompile } = await import('../native/compile/compile.js')
    const load = () => loadNative(upstream, binding, { threads })
    // Made before it is registered, because TensorFlow.js only logs an error that a factory throws.
    const backend = load()
    if (findBackendFactory('tensorflow') === null) {
      let first: typeof backend | undefined = backend
      registerBackend(
        'tensorflow',
        () => {
          const made = first ?? load()
          first = undefined
          return made
        },
        3,
      )
    }
    if (!(await setBackend('tensorflow'))) throw new Error('TensorFlow.js did not accept it.')
    registerMissing('tensorflow', { ...nativeKernels, ...fusedBatchNormKernels(backend), ...recurrentKernels(backend), ...descentKernels(backend) })
    const version = backend.binding.TF_Version
    const count = threads ?? availableParallelism()
    // Another one than was made here when the backend had been opened before: its factory stays.
    const active = activeBackend() as typeof backend
    // Without oneDNN, TensorFlow has no fast kernels either. A GPU may have others, which nobody has tried.
    const hasBfloat16 = active.binding.defineFunction !== undefined && !active.isUsingGpuDevice && process.env['TF_ENABLE_ONEDNN_OPTS'] !== '0' && hasFastBfloat16()
    return {
      description: `TensorFlow ${version} on ${backend.isUsingGpuDevice ? 'the GPU' : `${count} ${count === 1 ? 'thread' : 'threads'}`}`,
      threads: count,
      tensorflowVersion: version,
      compile: nativeCompile(active, warn),
      precisions: hasBfloat16 ? ['float32', 'bfloat16'] : ['float32'],
    }
  },
})

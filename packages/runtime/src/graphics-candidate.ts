import type { Candidate } from './choose.js'

/** A backend on the graphics card of a browser, which the page has to register itself. @internal */
export const graphicsCandidate = (backend: 'webgpu' | 'webgl'): Candidate => ({
  backend,
  async inspect() {
    const { findBackendFactory } = await import('./upstream-backends.js')
    return findBackendFactory(backend) === null
      ? { backend, usable: false, reason: 'it is not registered.', fix: `In a browser, import @tensorflow/tfjs-backend-${backend} first.` }
      : { backend, usable: true, reason: 'the page has registered it.' }
  },
  async open() {
    const { setBackend } = await import('@tensorflow/tfjs-core')
    if (!(await setBackend(backend))) throw new Error('it could not be started.')
    return { description: `TensorFlow.js on ${backend}`, threads: 1 }
  },
})

import { findBackendFactory as find, type KernelBackend } from '@tensorflow/tfjs-core'

/** Makes a backend. @internal */
export type BackendFactory = () => KernelBackend | Promise<KernelBackend>

/** The factory of a backend that is registered; upstream's types do not say that there may be none. @internal */
export const findBackendFactory = (name: string): BackendFactory | null => find(name)

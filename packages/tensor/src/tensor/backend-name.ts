import { engine } from '@tensorflow/tfjs-core'

/**
 * Name of the open backend of TensorFlow.js, such as `cpu`: numbers that were computed on one backend may differ in their last digits on another.
 *
 * @example
 * ```ts
 * import { backendName } from '@transferkit/tensor'
 *
 * const name = backendName()
 * ```
 */
export const backendName = (): string => engine().backendName

import { engine } from '@tensorflow/tfjs-core'

/**
 * Number of tensors that exist at the moment, for tests that nothing leaks.
 *
 * @example
 * ```ts
 * import { liveTensors } from '@transferkit/tensor/testing'
 *
 * const before = liveTensors()
 * ```
 */
export const liveTensors = (): number => engine().state.numTensors

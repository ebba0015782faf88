import { engine } from '@tensorflow/tfjs-core'

export { type GradientCheck, type GradientReport, checkGradients } from './gradient-check.js'
export { differentiableOps, type DifferentiableOp } from './differentiable-ops.js'
export { closeTo, expectClose, type Tolerance, type Values } from './close.js'

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

import { isRecording } from '../autodiff/tape.js'
import { type AdamStepAttributes, acceleratedKernels, type SgdStepAttributes } from '../kernels/accelerated.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { hasKernel } from '../tensor/upstream.js'
import { floats } from './recurrent.js'

/** A step of SGD on one parameter. Its memory is the velocity, or nothing without momentum. */
export interface SgdStep extends SgdStepAttributes {
  /** The kernel that makes it. */
  readonly kernel: 'sgdStep'
}

/** A step of Adam on one parameter. Its memory is the count of steps, the mean of the gradients and that of their squares. */
export interface AdamStep extends AdamStepAttributes {
  /** The kernel that makes it. */
  readonly kernel: 'adamStep'
}

/** A step of an optimiser on one parameter. */
export type DescentStep = SgdStep | AdamStep

const namesOfMemory = { sgdStep: ['velocity'], adamStep: ['count', 'first', 'second'] } as const

/**
 * A step of an optimiser on one parameter in one pass over memory, where the backend can do that. The bits are those of the same step composed of arithmetic.
 *
 * @param step The optimiser.
 * @param parameter The parameter, of any shape.
 * @param gradient Its gradient.
 * @param memory What the optimiser remembers of it.
 * @param learningRate `η`.
 * @returns The parameter after the step, then the memory in its order; undefined where the step has to be composed: the backend has no such kernel, or it is being differentiated.
 *
 * @example
 * ```ts
 * import { descentStep, multiply, ones, scalar, subtract, type Tensor } from '@transferkit/tensor'
 *
 * const [parameter, gradient, rate]: readonly [Tensor, Tensor, Tensor] = [ones([3]), ones([3]), scalar(0.1)]
 * const plain = { kernel: 'sgdStep', weightDecay: 0, momentum: 0, nesterov: false, decoupledWeightDecay: 0 } as const
 * const [after] = descentStep(plain, parameter, gradient, [], scalar(0.1)) ?? [subtract(parameter, multiply(gradient, rate))] // [0.9, 0.9, 0.9]
 * ```
 */
export const descentStep = (step: DescentStep, parameter: Tensor, gradient: Tensor, memory: readonly Tensor[], learningRate: Scalar): readonly Tensor[] | undefined => {
  const { kernel, ...attributes } = step
  const name = acceleratedKernels[kernel]
  if (isRecording() || !hasKernel(name)) return undefined
  const remembered = Object.fromEntries(namesOfMemory[kernel].flatMap((part, index) => (memory[index] === undefined ? [] : [[part, memory[index]]])))
  return floats(name, { parameter, gradient, ...remembered, learningRate }, attributes)
}

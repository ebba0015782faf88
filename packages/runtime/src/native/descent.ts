import { type AdamStepAttributes, acceleratedKernels as name, type SgdStepAttributes } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import type { Kernels } from '../registration.js'
import { flag, float } from './attributes.js'
import type { NativeBackend, OperationAttribute } from './backend.js'
import { release, withOptional } from './operations.js'

const floats = ({ binding }: NativeBackend, values: Readonly<Record<string, number>>): readonly OperationAttribute[] => Object.entries(values).map(([attribute, value]) => float(binding, attribute, value))

const sgdStep = kernel<NativeBackend, 'parameter' | 'gradient' | 'velocity' | 'learningRate', SgdStepAttributes>(
  ({ parameter, gradient, velocity, learningRate }, { weightDecay, momentum, nesterov, decoupledWeightDecay }, backend) => {
    const attributes = [...floats(backend, { weight_decay: weightDecay, momentum, decoupled_weight_decay: decoupledWeightDecay }), flag(backend.binding, 'nesterov', nesterov)]
    const moves = momentum !== 0
    const results = withOptional(backend, moves ? velocity : undefined, (given) => backend.executeMultipleOutputs('TransferkitSgd', attributes, [parameter, gradient, given, learningRate], 2))
    if (moves) return results
    release(results.slice(1))
    return results.slice(0, 1)
  },
)

const adamStep = kernel<NativeBackend, 'parameter' | 'gradient' | 'count' | 'first' | 'second' | 'learningRate', AdamStepAttributes>(
  ({ parameter, gradient, count, first, second, learningRate }, { firstDecay, secondDecay, epsilon, weightDecay, decoupledWeightDecay }, backend) => {
    const attributes = floats(backend, {
      weight_decay: weightDecay,
      decoupled_weight_decay: decoupledWeightDecay,
      epsilon,
      // What follows from the decays is computed in 64 bits, like in the composed form.
      first_decay: firstDecay,
      first_share: 1 - firstDecay,
      first_logarithm: Math.log(firstDecay),
      second_decay: secondDecay,
      second_share: 1 - secondDecay,
      second_logarithm: Math.log(secondDecay),
    })
    return backend.executeMultipleOutputs('TransferkitAdam', attributes, [parameter, gradient, count, first, second, learningRate], 4)
  },
)

/**
 * Steps of optimisers by our own operations.
 *
 * @param backend The native backend.
 * @returns Nothing where the binding, the processor or the device does not have them. @internal
 */
export const descentKernels = ({ binding, isUsingGpuDevice }: NativeBackend): Kernels =>
  binding.hasDescent !== true || isUsingGpuDevice ? {} : { [name.sgdStep]: sgdStep, [name.adamStep]: adamStep }

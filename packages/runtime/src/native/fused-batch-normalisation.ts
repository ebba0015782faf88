import type { TensorInfo } from '@tensorflow/tfjs-core'
import { acceleratedKernels as name } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import type { Kernels } from '../registration.js'
import { flag, float } from './attributes.js'
import type { NativeBackend, OperationAttribute } from './backend.js'
import { release, withEmpty } from './operations.js'

interface Attributes {
  /** Added to the variance. */
  readonly epsilon: number
}

// A recorded step joins these with the residual sum and the rectifier behind them (compile/fuse-batch-normalisation.ts).
const operationAttributes = ({ binding }: NativeBackend, epsilon: number): readonly OperationAttribute[] => [float(binding, 'epsilon', epsilon), flag(binding, 'rectified', false)]

const batchNormTraining = kernel<NativeBackend, 'input' | 'scale' | 'offset', Attributes>(({ input, scale, offset }, { epsilon }, backend) =>
  withEmpty(backend, (noResidual) => backend.executeMultipleOutputs('TransferkitBatchNorm', operationAttributes(backend, epsilon), [input, scale, offset, noResidual], 3)),
)

const batchNormTrainingGradient = kernel<NativeBackend, 'outputGradient' | 'input' | 'scale' | 'mean' | 'variance', Attributes>(
  ({ outputGradient, input, scale, mean, variance }, { epsilon }, backend) =>
    withEmpty(backend, (none) => {
      const inputs: readonly TensorInfo[] = [outputGradient, none, input, none, scale, none, mean, variance]
      const results = backend.executeMultipleOutputs('TransferkitBatchNormGradient', operationAttributes(backend, epsilon), inputs, 4)
      // The gradient of a residual, which there is none of.
      release(results.slice(3))
      return results.slice(0, 3)
    }),
)

const batchNormInference = kernel<NativeBackend, 'input' | 'scale' | 'offset' | 'mean' | 'variance', Attributes>(({ input, scale, offset, mean, variance }, { epsilon }, backend) =>
  withEmpty(backend, (noResidual) =>
    backend.executeSingleOutput('TransferkitBatchNormInference', operationAttributes(backend, epsilon), [input, scale, offset, mean, variance, noResidual]),
  ),
)

/**
 * Batch normalisation by our own operations.
 *
 * @param backend The native backend.
 * @returns Nothing where the binding, the processor or the device does not have them. @internal
 */
export const fusedBatchNormKernels = ({ binding, isUsingGpuDevice }: NativeBackend): Kernels =>
  binding.hasBatchNorm !== true || isUsingGpuDevice
    ? {}
    : { [name.batchNormTraining]: batchNormTraining, [name.batchNormTrainingGradient]: batchNormTrainingGradient, [name.batchNormInference]: batchNormInference }

import { acceleratedKernels as name } from '@transferkit/tensor'
import type { Kernels } from '../registration.js'
import { batchNormInference, batchNormTraining, batchNormTrainingGradient } from './batch-normalisation.js'
import {
  conv2d,
  conv2dFilterGradient,
  conv2dInputGradient,
  depthwiseConv2d,
  depthwiseConv2dFilterGradient,
  depthwiseConv2dInputGradient,
} from './convolution.js'
import { reluGradient, softmaxCrossEntropy } from './pointwise.js'
import { dropoutMask, random } from './random.js'
import { gatherRows, scatterRows } from './rows.js'

/** What TensorFlow does in one operation and TensorFlow.js composes of several. @internal */
export const nativeKernels: Kernels = {
  [name.conv2d]: conv2d,
  [name.conv2dInputGradient]: conv2dInputGradient,
  [name.conv2dFilterGradient]: conv2dFilterGradient,
  [name.depthwiseConv2d]: depthwiseConv2d,
  [name.depthwiseConv2dInputGradient]: depthwiseConv2dInputGradient,
  [name.depthwiseConv2dFilterGradient]: depthwiseConv2dFilterGradient,
  [name.batchNormTraining]: batchNormTraining,
  [name.batchNormTrainingGradient]: batchNormTrainingGradient,
  [name.batchNormInference]: batchNormInference,
  [name.reluGradient]: reluGradient,
  [name.softmaxCrossEntropy]: softmaxCrossEntropy,
  [name.gatherRows]: gatherRows,
  [name.scatterRows]: scatterRows,
  [name.random]: random,
  [name.dropoutMask]: dropoutMask,
}

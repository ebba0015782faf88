import { kernel } from '../kernel-arguments.js'
import { floatType } from './attributes.js'
import type { NativeBackend } from './backend.js'

/** Gradient of the rectifier. @internal */
export const reluGradient = kernel<NativeBackend, 'outputGradient' | 'output', object>(({ outputGradient, output }, _, backend) =>
  backend.executeSingleOutput('ReluGrad', [floatType(backend.binding, 'T')], [outputGradient, output]),
)

/** Softmax cross-entropy of each row, and its gradient. @internal */
export const softmaxCrossEntropy = kernel<NativeBackend, 'logits' | 'labels', object>(({ logits, labels }, _, backend) =>
  backend.executeMultipleOutputs('SoftmaxCrossEntropyWithLogits', [floatType(backend.binding, 'T')], [logits, labels], 2),
)

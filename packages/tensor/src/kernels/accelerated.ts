import type { Key } from '../random/key.js'
import type { Shape } from '../tensor/tensor.js'

/** Zero padding of images, in pixels, stated explicitly: `[[top, bottom], [left, right]]`, so `[[0, 1], [0, 1]]` adds a row below and a column to the right. */
export type Padding = readonly [readonly [number, number], readonly [number, number]]

/** Attributes shared by a convolution and its two gradients. */
export interface ConvolutionAttributes {
  /** Step between neighbouring windows, `[rows, columns]`. */
  readonly strides: readonly [number, number]
  /** Zeros added around the input, `[[top, bottom], [left, right]]`. */
  readonly padding: Padding
}

/** Attributes of the kernel `random`. */
export interface RandomAttributes {
  /** Source of randomness. A compiler may replay the kernel with another one. */
  readonly key: Key
  /** Sizes of the axes. */
  readonly shape: Shape
  /** Draws the numbers on the host, as many as the shape has elements. */
  readonly draw: (key: Key) => Float32Array
}

/** Attributes of the kernel `dropoutMask`. */
export interface DropoutMaskAttributes extends RandomAttributes {
  /** Probability that an element is dropped. */
  readonly rate: number
}

/** Attributes of the kernel `sgdStep`. */
export interface SgdStepAttributes {
  /** `λ` of `g + λ p`, in front of momentum. */
  readonly weightDecay: number
  /** `μ`; without momentum, 0, no velocity is given and made. */
  readonly momentum: number
  /** Whether the update looks ahead. */
  readonly nesterov: boolean
  /** `λ` that is added behind momentum. */
  readonly decoupledWeightDecay: number
}

/** Attributes of the kernel `adamStep`. */
export interface AdamStepAttributes {
  /** `β₁`. */
  readonly firstDecay: number
  /** `β₂`. */
  readonly secondDecay: number
  /** `ε`. */
  readonly epsilon: number
  /** `λ` of `g + λ p`, in front of the moments. */
  readonly weightDecay: number
  /** `λ` that is added behind the moments. */
  readonly decoupledWeightDecay: number
}

/**
 * Kernels that a backend may supply beyond those of TensorFlow.js, by name.
 *
 * The runtime registers them with `registerKernel` under the backend's name; an op uses the kernel when it is registered
 * and its composed form otherwise, so that both give the same numbers. Images are NHWC, filters HWIO
 * (depthwise: `[height, width, channels, multiplier]`).
 *
 * | kernel | inputs | attributes | outputs |
 * | --- | --- | --- | --- |
 * | `conv2d` | `input, filter` | `strides, padding` | `output` |
 * | `conv2dInputGradient` | `outputGradient, filter` | `strides, padding, inputShape` | `inputGradient` |
 * | `conv2dFilterGradient` | `input, outputGradient` | `strides, padding, filterShape` | `filterGradient` |
 * | `depthwiseConv2d` | `input, filter` | `strides, padding` | `output` |
 * | `depthwiseConv2dInputGradient` | `outputGradient, filter` | `strides, padding, inputShape` | `inputGradient` |
 * | `depthwiseConv2dFilterGradient` | `input, outputGradient` | `strides, padding, filterShape` | `filterGradient` |
 * | `batchNormTraining` | `input, scale, offset` | `epsilon` | `output, mean, variance` (variance biased, as used for normalising) |
 * | `batchNormTrainingGradient` | `outputGradient, input, scale, mean, variance` | `epsilon` | `inputGradient, scaleGradient, offsetGradient` |
 * | `batchNormInference` | `input, scale, offset, mean, variance` | `epsilon` | `output` |
 * | `gatherRows` | `table, indices` (`int32`) | | `rows`, in the shape of `indices`, then that of a row |
 * | `scatterRows` | `rows, indices` (`int32`) | `tableShape` | `table`: at each row the sum of the rows with its index |
 * | `random` | | `key, shape, draw` ({@link RandomAttributes}) | `draw(key)` in that shape |
 * | `dropoutMask` | | `key, shape, draw, rate` ({@link DropoutMaskAttributes}) | `draw(key)` in that shape: 0 where the uniform number is below `rate`, else `1 / (1 - rate)` |
 * | `reluGradient` | `outputGradient, output` | | `inputGradient` |
 * | `softmaxCrossEntropy` | `logits [batch, class], labels [batch, class]` | | `loss [batch], logitsGradient [batch, class]` |
 * | `lstmSequence` | `projected, hiddenWeight, mask, initialHidden, initialCell` | `reverse, keepsGates` | `hidden, cell, gates [batch, step, 4H]` (activated; empty unless kept) |
 * | `lstmSequenceGradient` | `hiddenGradient, cellGradient` (optional)`, hiddenWeight, mask, initialHidden, initialCell, hidden, cell, gates` | `reverse` | `projectedGradient, hiddenWeightGradient, initialHiddenGradient, initialCellGradient` |
 * | `gruSequence` | `projected, hiddenWeight, hiddenBias, mask, initialHidden` | `reverse, keepsGates` | `hidden, gates [batch, step, 4H]` (r, z, n, `h U_n + c_n`; empty unless kept) |
 * | `gruSequenceGradient` | `hiddenGradient, hiddenWeight, mask, initialHidden, hidden, gates` | `reverse` | `projectedGradient, hiddenWeightGradient, hiddenBiasGradient, initialHiddenGradient` |
 * | `lstmTransferSequence` | `projected, gateProjected, hiddenWeight, gateWeight, source, candidate` (optional)`, mask, initialHidden, initialCell` | `reverse, keepsGates` | `hidden, cell, openings, gates [batch, step, K 4H]` (activated; empty unless kept) |
 * | `lstmTransferSequenceGradient` | `hiddenGradient, hiddenWeight, gateWeight, source, candidate` (optional)`, mask, initialHidden, initialCell, hidden, cell, openings, gates` | `reverse` | `projectedGradient, hiddenWeightGradient, gateProjectedGradient, gateWeightGradient, sourceGradient, initialHiddenGradient, initialCellGradient`, and where candidates were given `candidateGradient` |
 * | `lstmStep` | `preactivations, cell` | | `hidden, cell` |
 * | `lstmStepGradient` | `hiddenGradient, cellGradient` (either is optional)`, preactivations, cell` | | `preactivationsGradient, cellGradient` |
 * | `gruStep` | `projected, recurrent, hidden` | | `hidden` |
 * | `gruStepGradient` | `outputGradient, projected, recurrent, hidden` | | `projectedGradient, recurrentGradient, hiddenGradient` |
 * | `sgdStep` | `parameter, gradient, velocity` (with momentum)`, learningRate` | {@link SgdStepAttributes} | `parameter`, and with momentum `velocity`, after the step |
 * | `adamStep` | `parameter, gradient, count, first, second, learningRate` | {@link AdamStepAttributes} | `parameter, count, first, second` after the step |
 *
 * @example
 * ```ts
 * import { acceleratedKernels } from '@transferkit/tensor'
 *
 * const kernelName = acceleratedKernels.reluGradient // what a backend registers it as
 * ```
 */
export const acceleratedKernels = {
  /** Convolution with explicit padding. */
  conv2d: 'transferkit.conv2d',
  /** Gradient of a convolution with respect to its input. */
  conv2dInputGradient: 'transferkit.conv2dInputGradient',
  /** Gradient of a convolution with respect to its filter. */
  conv2dFilterGradient: 'transferkit.conv2dFilterGradient',
  /** Depthwise convolution with explicit padding. */
  depthwiseConv2d: 'transferkit.depthwiseConv2d',
  /** Gradient of a depthwise convolution with respect to its input. */
  depthwiseConv2dInputGradient: 'transferkit.depthwiseConv2dInputGradient',
  /** Gradient of a depthwise convolution with respect to its filter. */
  depthwiseConv2dFilterGradient: 'transferkit.depthwiseConv2dFilterGradient',
  /** Batch normalisation with the statistics of the batch. */
  batchNormTraining: 'transferkit.batchNormTraining',
  /** Gradient of batch normalisation with the statistics of the batch. */
  batchNormTrainingGradient: 'transferkit.batchNormTrainingGradient',
  /** Batch normalisation with given statistics. */
  batchNormInference: 'transferkit.batchNormInference',
  /** Rows of a table. */
  gatherRows: 'transferkit.gatherRows',
  /** Gradient of taking rows of a table. */
  scatterRows: 'transferkit.scatterRows',
  /** Random numbers that are drawn on the host. */
  random: 'transferkit.random',
  /** Factors of dropout. */
  dropoutMask: 'transferkit.dropoutMask',
  /** Gradient of the rectifier. */
  reluGradient: 'transferkit.reluGradient',
  /** Softmax cross-entropy and its gradient in one pass. */
  softmaxCrossEntropy: 'transferkit.softmaxCrossEntropy',
  /** All steps of an LSTM. */
  lstmSequence: 'transferkit.lstmSequence',
  /** Gradient of all steps of an LSTM. */
  lstmSequenceGradient: 'transferkit.lstmSequenceGradient',
  /** All steps of a GRU. */
  gruSequence: 'transferkit.gruSequence',
  /** Gradient of all steps of a GRU. */
  gruSequenceGradient: 'transferkit.gruSequenceGradient',
  /** All steps of an LSTM that is mixed with a source. */
  lstmTransferSequence: 'transferkit.lstmTransferSequence',
  /** Gradient of all steps of an LSTM that is mixed with a source. */
  lstmTransferSequenceGradient: 'transferkit.lstmTransferSequenceGradient',
  /** One step of an LSTM. */
  lstmStep: 'transferkit.lstmStep',
  /** Gradient of one step of an LSTM. */
  lstmStepGradient: 'transferkit.lstmStepGradient',
  /** One step of a GRU. */
  gruStep: 'transferkit.gruStep',
  /** Gradient of one step of a GRU. */
  gruStepGradient: 'transferkit.gruStepGradient',
  /** A step of SGD on one parameter. */
  sgdStep: 'transferkit.sgdStep',
  /** A step of Adam on one parameter. */
  adamStep: 'transferkit.adamStep',
} as const

/** Name of an accelerated kernel as it is registered. */
export type AcceleratedKernel = (typeof acceleratedKernels)[keyof typeof acceleratedKernels]

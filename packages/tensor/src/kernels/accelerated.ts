/** Zero padding in rows and columns, stated explicitly: `[[top, bottom], [left, right]]`. */
export type Padding = readonly [readonly [number, number], readonly [number, number]]

/** Attributes shared by a convolution and its two gradients. */
export interface ConvolutionAttributes {
  /** Step between neighbouring windows, `[rows, columns]`. */
  readonly strides: readonly [number, number]
  /** Zeros added around the input, `[[top, bottom], [left, right]]`. */
  readonly padding: Padding
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
 * | `reluGradient` | `outputGradient, output` | | `inputGradient` |
 * | `softmaxCrossEntropy` | `logits [batch, class], labels [batch, class]` | | `loss [batch], logitsGradient [batch, class]` |
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
  /** Gradient of the rectifier. */
  reluGradient: 'transferkit.reluGradient',
  /** Softmax cross-entropy and its gradient in one pass. */
  softmaxCrossEntropy: 'transferkit.softmaxCrossEntropy',
} as const

/** Name of an accelerated kernel as it is registered. */
export type AcceleratedKernel = (typeof acceleratedKernels)[keyof typeof acceleratedKernels]

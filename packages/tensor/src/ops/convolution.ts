import { differentiable } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { acceleratedKernels, type ConvolutionAttributes, type Padding } from '../kernels/accelerated.js'
import type { Axes, AxesIn, Axis, Checked, ConvolutionAxes } from '../tensor/axes.js'
import type { AnyTensor, Images, Shape, Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernel } from '../tensor/upstream.js'
import { shapeOf } from './shape.js'

/** Axes of images, named or of known sizes. */
export type ImageAxes = readonly [Axis, Axis, Axis, Axis]

/** Axes of filters. */
export type FilterAxes = readonly [number, number, number, number]

/** Filters of a convolution, `[height, width, input channels, output channels]`. */
export type Filters = Tensor<FilterAxes>

/** Settings of a convolution. */
export interface ConvolutionOptions {
  /** Step between windows, the same in both directions or `[rows, columns]`; 1 unless told. */
  readonly strides?: number | readonly [number, number]
  /**
   * Zeros around the input: the same on all sides, or `[[top, bottom], [left, right]]`; 0 unless told.
   * There is no `'same'`: with stride 2 on an even size it pads on one side only, unlike PyTorch.
   */
  readonly padding?: number | Padding
}

/** The three forms of one bilinear map: the convolution, and its gradients with respect to either argument. */
interface Kernels {
  readonly forward: string
  readonly inputGradient: string
  readonly filterGradient: string
  readonly upstreamForward: string
  readonly upstreamInputGradient: string
  readonly upstreamFilterGradient: string
}

const full: Kernels = {
  forward: acceleratedKernels.conv2d,
  inputGradient: acceleratedKernels.conv2dInputGradient,
  filterGradient: acceleratedKernels.conv2dFilterGradient,
  upstreamForward: 'Conv2D',
  upstreamInputGradient: 'Conv2DBackpropInput',
  upstreamFilterGradient: 'Conv2DBackpropFilter',
}

const depthwise: Kernels = {
  forward: acceleratedKernels.depthwiseConv2d,
  inputGradient: acceleratedKernels.depthwiseConv2dInputGradient,
  filterGradient: acceleratedKernels.depthwiseConv2dFilterGradient,
  upstreamForward: 'DepthwiseConv2dNative',
  upstreamInputGradient: 'DepthwiseConv2dNativeBackpropInput',
  upstreamFilterGradient: 'DepthwiseConv2dNativeBackpropFilter',
}

const upstreamAttributes = ({ strides, padding }: ConvolutionAttributes): object => ({
  strides: [...strides],
  pad: [[0, 0], [...padding[0]], [...padding[1]], [0, 0]],
  dataFormat: 'NHWC',
  dilations: [1, 1],
})

const run = (accelerated: string, inputs: Readonly<Record<string, AnyTensor>>, upstream: string, upstreamInputs: Readonly<Record<string, AnyTensor>>, attributes: ConvolutionAttributes, extra: object = {}): Tensor =>
  hasKernel(accelerated)
    ? runKernel<Axes>(accelerated, inputs, { ...attributes, ...extra })
    : runKernel<Axes>(upstream, upstreamInputs, { ...upstreamAttributes(attributes), ...extra })

const convolve = (kernels: Kernels, input: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor =>
  differentiable(
    [input, filter],
    () => run(kernels.forward, { input, filter }, kernels.upstreamForward, { x: input, filter }, attributes),
    (gradient, [wantsInput, wantsFilter]) => [
      wantsInput === true ? inputGradient(kernels, gradient, filter, shapeOf(input), attributes) : undefined,
      wantsFilter === true ? filterGradient(kernels, input, gradient, shapeOf(filter), attributes) : undefined,
    ],
  )

const inputGradient = (kernels: Kernels, outputGradient: Tensor, filter: Tensor, inputShape: Shape, attributes: ConvolutionAttributes): Tensor =>
  differentiable(
    [outputGradient, filter],
    () => run(kernels.inputGradient, { outputGradient, filter }, kernels.upstreamInputGradient, { dy: outputGradient, filter }, attributes, { inputShape: [...inputShape] }),
    (gradient, [wantsOutputGradient, wantsFilter]) => [
      wantsOutputGradient === true ? convolve(kernels, gradient, filter, attributes) : undefined,
      wantsFilter === true ? filterGradient(kernels, gradient, outputGradient, shapeOf(filter), attributes) : undefined,
    ],
  )

const filterGradient = (kernels: Kernels, input: Tensor, outputGradient: Tensor, filterShape: Shape, attributes: ConvolutionAttributes): Tensor =>
  differentiable(
    [input, outputGradient],
    () => run(kernels.filterGradient, { input, outputGradient }, kernels.upstreamFilterGradient, { x: input, dy: outputGradient }, attributes, { filterShape: [...filterShape] }),
    (gradient, [wantsInput, wantsOutputGradient]) => [
      wantsInput === true ? inputGradient(kernels, outputGradient, gradient, shapeOf(input), attributes) : undefined,
      wantsOutputGradient === true ? convolve(kernels, input, gradient, attributes) : undefined,
    ],
  )

const attributesOf = ({ strides = 1, padding = 0 }: ConvolutionOptions): ConvolutionAttributes => ({
  strides: typeof strides === 'number' ? [strides, strides] : strides,
  padding:
    typeof padding === 'number'
      ? [
          [padding, padding],
          [padding, padding],
        ]
      : padding,
})

const check = (name: string, input: Shape, filter: Shape, { padding }: ConvolutionAttributes): void => {
  if (input.length !== 4 || filter.length !== 4 || input[3] !== filter[2]) {
    throw new TransferkitError(
      'shape/convolution',
      `${name}: images of shape [${String(input)}] do not fit filters of shape [${String(filter)}]. Expected [batch, height, width, channel] and [height, width, channel, ...] with the same number of channels.`,
    )
  }
  for (const [axis, side] of [
    [1, 0],
    [2, 1],
  ] as const) {
    const padded = (input[axis] ?? 0) + padding[side][0] + padding[side][1]
    if (padded < (filter[side] ?? 0)) {
      throw new TransferkitError('shape/convolution', `${name}: a filter of ${filter[0]} x ${filter[1]} does not fit into images of ${input[1]} x ${input[2]}. Use larger images, or more padding.`)
    }
  }
}

/**
 * Two-dimensional convolution (cross-correlation, as everywhere in deep learning) of images with filters.
 *
 * `output[b, i, j, o] = Σ_{p, q, c} input[b, i·stride + p - top, j·stride + q - left, c] · filter[p, q, c, o]`, zeros outside the image.
 *
 * @param input `[batch, height, width, channel]`.
 * @param filter `[filter height, filter width, channel, output channel]`.
 * @param options Strides and explicit padding.
 * @returns `[batch, ⌊(height + padding - filter height) / stride⌋ + 1, ..., output channel]`.
 * @throws TransferkitError `shape/convolution` when channels differ or the filter is larger than the padded image.
 *
 * @example
 * ```ts
 * import { conv2d, ones } from '@transferkit/tensor'
 *
 * const maps = conv2d(ones([1, 8, 8, 3]), ones([3, 3, 3, 16]), { padding: 1, strides: 2 }) // [1, 4, 4, 16]
 * ```
 */
export const conv2d = <A extends ImageAxes, F extends FilterAxes>(
  input: Tensor<A>,
  filter: Tensor<F> & Checked<ConvolutionAxes<A, F>>,
  options: ConvolutionOptions = {},
): Tensor<AxesIn<ConvolutionAxes<A, F>>> => {
  const attributes = attributesOf(options)
  check('conv2d', shapeOf(input), shapeOf(filter), attributes)
  // The type arithmetic above is that of a convolution.
  return convolve(full, input, filter, attributes) as unknown as Tensor<AxesIn<ConvolutionAxes<A, F>>>
}

/**
 * Depthwise convolution: every channel has filters of its own.
 *
 * @param input `[batch, height, width, channel]`.
 * @param filter `[filter height, filter width, channel, multiplier]`; output channel `c · multiplier + m` comes from channel `c`.
 * @param options Strides and explicit padding.
 * @returns `[batch, height', width', channel · multiplier]`.
 * @throws TransferkitError `shape/convolution` when channels differ or the filter is larger than the padded image.
 *
 * @example
 * ```ts
 * import { depthwiseConv2d, ones } from '@transferkit/tensor'
 *
 * const maps = depthwiseConv2d(ones([1, 8, 8, 3]), ones([3, 3, 3, 1]), { padding: 1 }) // [1, 8, 8, 3]
 * ```
 */
export const depthwiseConv2d = (input: Images, filter: Filters, options: ConvolutionOptions = {}): Images => {
  const attributes = attributesOf(options)
  check('depthwiseConv2d', shapeOf(input), shapeOf(filter), attributes)
  // A convolution of images gives images.
  return convolve(depthwise, input, filter, attributes) as Images
}

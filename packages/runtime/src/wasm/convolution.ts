import { conv2d, depthwiseConv2d, mul, pad, reshape, reverse, slice, stack, stridedSlice, sum, type Tensor, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core'
import { type FilterGradientAttributes, type InputGradientAttributes, kernel } from '../kernel-arguments.js'
import { crop, spread } from './images.js'

type Shape4D = readonly [number, number, number, number]
type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]]

const explicitPadding = (rows: readonly [number, number], columns: readonly [number, number]): ExplicitPadding => [[0, 0], [...rows], [...columns], [0, 0]]

// Upstream's kernels get the tensors that the operation was called with; the contract says that these have four axes.
const as4D = (tensor: unknown): Tensor4D => tensor as Tensor4D

/**
 * The images whose correlation with the flipped filter is the gradient with respect to the input: the gradient of the output, spread by the
 * strides, with margins that make the result as large as the input.
 */
const prepareInputGradient = (outputGradient: Tensor4D, [filterHeight, filterWidth]: Shape4D, { inputShape, strides, padding }: InputGradientAttributes) => {
  const images = spread(outputGradient, strides)
  const [top, left] = [filterHeight - 1 - padding[0][0], filterWidth - 1 - padding[1][0]]
  const bottom = inputShape[1] + filterHeight - 1 - images.shape[1] - top
  const right = inputShape[2] + filterWidth - 1 - images.shape[2] - left
  return crop(images, [top, bottom], [left, right])
}

const inputGradientOf = (outputGradient: Tensor4D, filter: Tensor4D, attributes: InputGradientAttributes): Tensor4D => {
  const { images, rows, columns } = prepareInputGradient(outputGradient, filter.shape, attributes)
  const flipped = transpose(reverse(filter, [0, 1]), [0, 1, 3, 2])
  return conv2d(images, flipped, 1, explicitPadding(rows, columns))
}

/**
 * The gradient with respect to the filter is a convolution, too: of the images with batch and channels exchanged, by the gradient of the output
 * in the place of the filter, the strides becoming dilations.
 */
const filterGradientOf = (input: Tensor4D, outputGradient: Tensor4D, { strides, padding, filterShape }: FilterGradientAttributes): Tensor4D => {
  const [height, width, inputChannels, outputChannels] = filterShape
  const images = transpose(input, [3, 1, 2, 0])
  const filter: Tensor4D = transpose(outputGradient, [1, 2, 0, 3])
  const correlation = conv2d(images, filter, 1, explicitPadding(padding[0], padding[1]), 'NHWC', [...strides])
  // Rows that no window of the convolution reached give results beyond the filter's size.
  const gradient = slice(correlation, [0, 0, 0, 0], [inputChannels, height, width, outputChannels])
  return transpose(gradient, [1, 2, 0, 3])
}

const depthwiseInputGradientOf = (outputGradient: Tensor4D, filter: Tensor4D, attributes: InputGradientAttributes): Tensor4D => {
  const [height, width, channels, multiplier] = filter.shape
  const { images, rows, columns } = prepareInputGradient(outputGradient, filter.shape, attributes)
  const flipped: Tensor4D = reshape(reverse(filter, [0, 1]), [height, width, channels * multiplier, 1])
  const parts = depthwiseConv2d(images, flipped, 1, explicitPadding(rows, columns))
  const [batch, ...size] = attributes.inputShape
  return multiplier === 1 ? parts : sum(reshape(parts, [batch, size[0], size[1], channels, multiplier]), 4)
}

const depthwiseFilterGradientOf = (input: Tensor4D, outputGradient: Tensor4D, { strides, padding, filterShape }: FilterGradientAttributes): Tensor => {
  const [filterHeight, filterWidth, channels, multiplier] = filterShape
  const [batch, height, width] = outputGradient.shape
  const images = pad(input, explicitPadding(padding[0], padding[1]))
  const gradient = reshape(outputGradient, [batch, height, width, channels, multiplier])
  const tap = (row: number, column: number): Tensor => {
    const end = [batch, row + (height - 1) * strides[0] + 1, column + (width - 1) * strides[1] + 1, channels]
    const window = stridedSlice(images, [0, row, column, 0], end, [1, strides[0], strides[1], 1])
    return sum(mul(reshape(window, [batch, height, width, channels, 1]), gradient), [0, 1, 2])
  }
  const taps = Array.from({ length: filterHeight * filterWidth }, (_, index) => tap(Math.floor(index / filterWidth), index % filterWidth))
  return reshape(stack(taps), [...filterShape])
}

/** Gradient of a convolution with respect to its input; upstream's kernel is ten times slower. @internal */
export const conv2dInputGradient = kernel<unknown, 'outputGradient' | 'filter', InputGradientAttributes>(({ outputGradient, filter }, attributes) =>
  tidy(() => inputGradientOf(as4D(outputGradient), as4D(filter), attributes)),
)

/** Gradient of a convolution with respect to its filter. @internal */
export const conv2dFilterGradient = kernel<unknown, 'input' | 'outputGradient', FilterGradientAttributes>(({ input, outputGradient }, attributes) =>
  tidy(() => filterGradientOf(as4D(input), as4D(outputGradient), attributes)),
)

/** Gradient of a depthwise convolution with respect to its input. @internal */
export const depthwiseConv2dInputGradient = kernel<unknown, 'outputGradient' | 'filter', InputGradientAttributes>(
  ({ outputGradient, filter }, attributes) => tidy(() => depthwiseInputGradientOf(as4D(outputGradient), as4D(filter), attributes)),
)

/** Gradient of a depthwise convolution with respect to its filter. @internal */
export const depthwiseConv2dFilterGradient = kernel<unknown, 'input' | 'outputGradient', FilterGradientAttributes>(
  ({ input, outputGradient }, attributes) => tidy(() => depthwiseFilterGradientOf(as4D(input), as4D(outputGradient), attributes)),
)

import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { ConvolutionAttributes } from '@transferkit/tensor'
import { type FilterGradientAttributes, type InputGradientAttributes, kernel } from '../kernel-arguments.js'
import { flag, floatType, integers, text } from './attributes.js'
import type { NativeBackend, NativeBinding, OperationAttribute } from './backend.js'
import { everyNth, pad, release, slice, withShape } from './operations.js'
import { type WinogradTiles, winogradTiles } from './winograd.js'

/** Zeros that TensorFlow's own `SAME` puts before and after an axis. */
const samePadding = (size: number, filter: number, stride: number): readonly [number, number] => {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + filter - size, 0)
  return [Math.floor(total / 2), total - Math.floor(total / 2)]
}

type Framing = 'VALID' | 'SAME' | 'PADDED'

/**
 * How explicit padding is put to TensorFlow. Its fast kernels (oneDNN) know only `VALID` and `SAME`; with `EXPLICIT` the gradients took two to
 * four times as long. So `SAME` is used where it means the same zeros, and otherwise the input is padded first.
 */
const framingOf = (inputShape: readonly number[], filterShape: readonly number[], { strides, padding }: ConvolutionAttributes): Framing => {
  if (padding.flat().every((zeros) => zeros === 0)) return 'VALID'
  const same = padding.every(([before, after], side) => {
    const [first, last] = samePadding(inputShape[side + 1] ?? 0, filterShape[side] ?? 0, strides[side] ?? 1)
    return first === before && last === after
  })
  return same ? 'SAME' : 'PADDED'
}

/** The attributes of TensorFlow's convolutions. @internal */
export const operationAttributes = (binding: NativeBinding, { strides }: ConvolutionAttributes, framing: Framing): readonly OperationAttribute[] => [
  floatType(binding, 'T'),
  integers(binding, 'strides', [1, ...strides, 1]),
  text(binding, 'data_format', 'NHWC'),
  text(binding, 'padding', framing === 'SAME' ? 'SAME' : 'VALID'),
]

const borders = ({ padding }: ConvolutionAttributes): readonly (readonly [number, number])[] => [[0, 0], ...padding, [0, 0]]

/** Runs a function with the input as the operation needs to see it. */
const withFramed = (backend: NativeBackend, input: TensorInfo, attributes: ConvolutionAttributes, framing: Framing, run: (framed: TensorInfo) => Tensor): Tensor => {
  if (framing !== 'PADDED') return run(input)
  const padded = pad(backend, input, borders(attributes))
  try {
    return run(padded)
  } finally {
    release([padded])
  }
}

const winograd = (backend: NativeBackend, images: TensorInfo, filter: TensorInfo, transposed: boolean, tiles: WinogradTiles): Tensor =>
  backend.executeSingleOutput('TransferkitConvolution', [flag(backend.binding, 'transposed', transposed), flag(backend.binding, 'small_tiles', tiles === 'small')], [images, filter])

const forward = (operation: 'Conv2D' | 'DepthwiseConv2dNative') =>
  kernel<NativeBackend, 'input' | 'filter', ConvolutionAttributes>(({ input, filter }, attributes, backend) => {
    const tiles = operation === 'Conv2D' ? winogradTiles(backend, input.shape, filter.shape, attributes, 'convolution') : undefined
    if (tiles !== undefined) return winograd(backend, input, filter, false, tiles)
    const framing = framingOf(input.shape, filter.shape, attributes)
    return withFramed(backend, input, attributes, framing, (framed) =>
      backend.executeSingleOutput(operation, operationAttributes(backend.binding, attributes, framing), [framed, filter]),
    )
  })

const inputGradient = (operation: 'Conv2DBackpropInput' | 'DepthwiseConv2dNativeBackpropInput') =>
  kernel<NativeBackend, 'outputGradient' | 'filter', InputGradientAttributes>(({ outputGradient, filter }, attributes, backend) => {
    const tiles = operation === 'Conv2DBackpropInput' ? winogradTiles(backend, attributes.inputShape, filter.shape, attributes, 'gradient') : undefined
    if (tiles !== undefined) return winograd(backend, outputGradient, filter, true, tiles)
    const framing = framingOf(attributes.inputShape, filter.shape, attributes)
    const border = borders(attributes)
    const framedShape = framing === 'PADDED' ? attributes.inputShape.map((size, axis) => size + (border[axis]?.[0] ?? 0) + (border[axis]?.[1] ?? 0)) : attributes.inputShape
    const gradient = withShape(backend, framedShape, (shape) =>
      backend.executeSingleOutput(operation, operationAttributes(backend.binding, attributes, framing), [shape, filter, outputGradient]),
    )
    if (framing !== 'PADDED') return gradient
    try {
      return slice(backend, gradient, border.map(([before]) => before), attributes.inputShape)
    } finally {
      release([gradient])
    }
  })

/**
 * TensorFlow 2.21 writes past the end of its memory in the gradient of a 1×1 filter with a step (seen with malloc's checks on), so such a filter is given the
 * pixels that it sees, with step 1.
 */
const isStridedPointwise = ({ filterShape: [height, width], strides }: FilterGradientAttributes): boolean => height === 1 && width === 1 && strides.some((step) => step > 1)

const filterGradient = (operation: 'Conv2DBackpropFilter' | 'DepthwiseConv2dNativeBackpropFilter') =>
  kernel<NativeBackend, 'input' | 'outputGradient', FilterGradientAttributes>(({ input, outputGradient }, attributes, backend) => {
    if (operation === 'Conv2DBackpropFilter' && winogradTiles(backend, input.shape, attributes.filterShape, attributes, 'gradient') !== undefined)
      return backend.executeSingleOutput('TransferkitConvolutionFilterGradient', [], [input, outputGradient])
    const framing = framingOf(input.shape, attributes.filterShape, attributes)
    const run = (framed: TensorInfo, settings: ConvolutionAttributes): Tensor =>
      withShape(backend, attributes.filterShape, (shape) =>
        backend.executeSingleOutput(operation, operationAttributes(backend.binding, settings, framing), [framed, shape, outputGradient]),
      )
    return withFramed(backend, input, attributes, framing, (framed) => {
      if (!isStridedPointwise(attributes)) return run(framed, attributes)
      const seen = everyNth(backend, framed, attributes.strides)
      try {
        return run(seen, { ...attributes, strides: [1, 1] })
      } finally {
        release([seen])
      }
    })
  })

/** Convolution with explicit padding. @internal */
export const conv2d = forward('Conv2D')

/** Gradient of a convolution with respect to its input. @internal */
export const conv2dInputGradient = inputGradient('Conv2DBackpropInput')

/** Gradient of a convolution with respect to its filter. @internal */
export const conv2dFilterGradient = filterGradient('Conv2DBackpropFilter')

/** Depthwise convolution with explicit padding. @internal */
export const depthwiseConv2d = forward('DepthwiseConv2dNative')

/** Gradient of a depthwise convolution with respect to its input. @internal */
export const depthwiseConv2dInputGradient = inputGradient('DepthwiseConv2dNativeBackpropInput')

/** Gradient of a depthwise convolution with respect to its filter. @internal */
export const depthwiseConv2dFilterGradient = filterGradient('DepthwiseConv2dNativeBackpropFilter')

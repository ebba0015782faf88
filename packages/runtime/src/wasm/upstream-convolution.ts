import { backend_util, type Conv2DBackpropFilterAttrs, type KernelFunc, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core'
import { TransferkitError, type ConvolutionAttributes } from '@transferkit/tensor'
import type { FilterGradientAttributes, InputGradientAttributes } from '../kernel-arguments.js'
import { conv2dFilterGradient, depthwiseConv2dFilterGradient, depthwiseConv2dInputGradient } from './convolution.js'

type Shape4D = [number, number, number, number]

/** What the attributes of upstream's gradient kernels have in common. */
interface UpstreamAttributes {
  readonly strides: [number, number] | number
  readonly pad: Conv2DBackpropFilterAttrs['pad']
  readonly dataFormat?: 'NHWC' | 'NCHW'
  readonly dilations?: [number, number] | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** States upstream's many kinds of padding explicitly. */
const explicit = (inputShape: Shape4D, filterShape: Shape4D, attributes: UpstreamAttributes, depthwise: boolean): ConvolutionAttributes => {
  const { strides, pad, dataFormat = 'NHWC', dilations = 1, dimRoundingMode } = attributes
  if (dataFormat !== 'NHWC' || [dilations].flat().some((dilation) => dilation !== 1))
    throw new TransferkitError(
      'runtime/unsupported-convolution',
      'The gradient of a convolution on the wasm backend needs the data format NHWC and no dilation. Use the native or the cpu backend for others.',
    )
  const { padInfo, strideHeight, strideWidth } = backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode, depthwise)
  return {
    strides: [strideHeight, strideWidth],
    padding: [
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right],
    ],
  }
}

// The registry types are open; each kernel is only called with the inputs and attributes that upstream documents for its name.
const inputNamed = (inputs: NamedTensorInfoMap, name: string): TensorInfo & { shape: Shape4D } => inputs[name] as TensorInfo & { shape: Shape4D }

const filterGradient =
  (ours: KernelFunc, depthwise: boolean): KernelFunc =>
  ({ inputs, attrs, backend }) => {
    const [input, outputGradient] = [inputNamed(inputs, 'x'), inputNamed(inputs, 'dy')]
    // As above.
    const { filterShape, ...others } = attrs as unknown as UpstreamAttributes & { readonly filterShape: Shape4D }
    const attributes: FilterGradientAttributes = { ...explicit(input.shape, filterShape, others, depthwise), filterShape }
    return ours({ inputs: { input, outputGradient }, attrs: { ...attributes }, backend })
  }

const inputGradient =
  (ours: KernelFunc, depthwise: boolean): KernelFunc =>
  ({ inputs, attrs, backend }) => {
    const [outputGradient, filter] = [inputNamed(inputs, 'dy'), inputNamed(inputs, 'filter')]
    // As above.
    const { inputShape, ...others } = attrs as unknown as UpstreamAttributes & { readonly inputShape: Shape4D }
    const attributes: InputGradientAttributes = { ...explicit(inputShape, filter.shape, others, depthwise), inputShape }
    return ours({ inputs: { outputGradient, filter }, attrs: { ...attributes }, backend })
  }

/** Upstream's `Conv2DBackpropFilter`. @internal */
export const upstreamFilterGradient = filterGradient(conv2dFilterGradient, false)

/** Upstream's `DepthwiseConv2dNativeBackpropFilter`. @internal */
export const upstreamDepthwiseFilterGradient = filterGradient(depthwiseConv2dFilterGradient, true)

/** Upstream's `DepthwiseConv2dNativeBackpropInput`. @internal */
export const upstreamDepthwiseInputGradient = inputGradient(depthwiseConv2dInputGradient, true)

import { acceleratedKernels as name } from '@transferkit/tensor'
import type { Kernels } from '../registration.js'
import { conv2dFilterGradient, conv2dInputGradient, depthwiseConv2dFilterGradient, depthwiseConv2dInputGradient } from './convolution.js'
import { cast, oneHot } from './repairs.js'
import { upstreamDepthwiseFilterGradient, upstreamDepthwiseInputGradient, upstreamFilterGradient } from './upstream-convolution.js'

/** What upstream's WebAssembly backend lacks or does slowly, made of the kernels that it has. @internal */
export const wasmKernels: Kernels = {
  [name.conv2dInputGradient]: conv2dInputGradient,
  [name.conv2dFilterGradient]: conv2dFilterGradient,
  [name.depthwiseConv2dInputGradient]: depthwiseConv2dInputGradient,
  [name.depthwiseConv2dFilterGradient]: depthwiseConv2dFilterGradient,
  Conv2DBackpropFilter: upstreamFilterGradient,
  DepthwiseConv2dNativeBackpropFilter: upstreamDepthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: upstreamDepthwiseInputGradient,
}

/** Kernels of upstream's WebAssembly backend that give wrong numbers, done right. @internal */
export const wasmRepairs: Kernels = { Cast: cast, OneHot: oneHot }

import { denseLayer, type Images, type Module } from '@transferkit/tensor'
import { withBias as convolutionWithBias } from '../adapters/convolution-settings.js'

const convolutionKinds = new Set(['convolution', 'depthwise-convolution'])

/** Whether a module is a convolution, plain or depthwise. */
const isConvolution = ({ description }: Module): boolean => convolutionKinds.has(description.kind)

/** Whether a module is linear but for its bias: a convolution or a dense layer. @internal */
export const isLinear = (module: Module): boolean => isConvolution(module) || module.description.kind === 'dense'

/** The same convolution or dense layer with a bias; other modules stay as they are. @internal */
export const withBias = (module: Module): Module => {
  const { description } = module
  if (!isLinear(module) || description['bias'] === true) return module
  // Images go into convolutions and vectors into dense layers, and the same come out.
  return isConvolution(module) ? convolutionWithBias(module as unknown as Module<Images, Images>) : denseLayer({ units: Number(description['units']) })
}

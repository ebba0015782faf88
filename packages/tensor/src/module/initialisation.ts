import { randomNormal, randomUniform } from '../ops/creation.js'
import type { Key } from '../random/key.js'
import type { Shape, Tensor } from '../tensor/tensor.js'

/** Makes the start value of a weight from a key and its shape; the last axis is the output. */
export type Initialiser = (key: Key, shape: Shape) => Tensor

const product = (shape: Shape): number => shape.reduce((total, size) => total * size, 1)

/** Inputs that one output sees: all axes but the last. */
const fanIn = (shape: Shape): number => product(shape.slice(0, -1))

/** Outputs that one input feeds: all axes but the last one but one. */
const fanOut = (shape: Shape): number => product(shape) / (shape.at(-2) ?? 1)

/** Uniform in ±1/√(fan in): the default of PyTorch's linear and convolution layers, weights and biases alike. */
export const fanInUniform: Initialiser = (key, shape) => {
  const bound = 1 / Math.sqrt(fanIn(shape))
  return randomUniform(key, shape, -bound, bound)
}

/** Normal with standard deviation √(2 / fan in), for rectified layers (He et al. 2015). */
export const heNormal: Initialiser = (key, shape) => randomNormal(key, shape, 0, Math.sqrt(2 / fanIn(shape)))

/** Normal with standard deviation √(2 / fan out), as the official residual-adapter code and torchvision's ResNets use for convolutions. */
export const heNormalFanOut: Initialiser = (key, shape) => randomNormal(key, shape, 0, Math.sqrt(2 / fanOut(shape)))

/** Normal with standard deviation 0.01, torchvision's choice for linear layers of VGG and MobileNet. */
export const smallNormal: Initialiser = (key, shape) => randomNormal(key, shape, 0, 0.01)

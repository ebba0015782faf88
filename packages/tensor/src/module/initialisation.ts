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

/**
 * Uniform in ±1/√(fan in): the default of PyTorch's linear and convolution layers.
 *
 * @param key Source of randomness.
 * @param shape Shape of the weight; the fan in is the product of all sizes but the last.
 *
 * @example
 * ```ts
 * import { denseLayer, fanInUniform } from '@transferkit/tensor'
 *
 * const layer = denseLayer({ units: 10, initialiser: fanInUniform })
 * ```
 */
export const fanInUniform: Initialiser = (key, shape) => {
  const bound = 1 / Math.sqrt(fanIn(shape))
  return randomUniform(key, shape, -bound, bound)
}

/**
 * Normal with standard deviation √(2 / fan in), for rectified layers (He et al. 2015).
 *
 * @param key Source of randomness.
 * @param shape Shape of the weight; the fan in is the product of all sizes but the last.
 *
 * @example
 * ```ts
 * import { convolutionLayer, heNormal } from '@transferkit/tensor'
 *
 * const layer = convolutionLayer({ channels: 16, kernelSize: 3, padding: 1, initialiser: heNormal })
 * ```
 */
export const heNormal: Initialiser = (key, shape) => randomNormal(key, shape, 0, Math.sqrt(2 / fanIn(shape)))

/**
 * Normal with standard deviation √(2 / fan out), as the official residual-adapter code and torchvision's ResNets use for convolutions.
 *
 * @param key Source of randomness.
 * @param shape Shape of the weight; the fan out is the product of all sizes but the last but one.
 *
 * @example
 * ```ts
 * import { convolutionLayer, heNormalFanOut } from '@transferkit/tensor'
 *
 * const layer = convolutionLayer({ channels: 16, kernelSize: 3, padding: 1, initialiser: heNormalFanOut })
 * ```
 */
export const heNormalFanOut: Initialiser = (key, shape) => randomNormal(key, shape, 0, Math.sqrt(2 / fanOut(shape)))

/**
 * Normal with standard deviation 0.01, torchvision's choice for linear layers of VGG and MobileNet.
 *
 * @param key Source of randomness.
 * @param shape Shape of the weight.
 *
 * @example
 * ```ts
 * import { denseLayer, smallNormal } from '@transferkit/tensor'
 *
 * const layer = denseLayer({ units: 10, initialiser: smallNormal })
 * ```
 */
export const smallNormal: Initialiser = (key, shape) => randomNormal(key, shape, 0, 0.01)

import type { Images, Tensor } from '../tensor/tensor.js'
import { tensor } from './creation.js'
import { matMul } from './matrix-product.js'
import { reshape } from './shape.js'

/** Weights of bilinear interpolation from `from` to `to` positions with half-pixel centres, `[to, from]`. */
const interpolation = (from: number, to: number): Tensor<readonly [number, number, number]> => {
  const weights = new Float32Array(to * from)
  for (let target = 0; target < to; target++) {
    const source = Math.min(Math.max(((target + 0.5) * from) / to - 0.5, 0), from - 1)
    const below = Math.floor(source)
    const above = Math.min(below + 1, from - 1)
    const share = source - below
    weights[target * from + below] = (weights[target * from + below] ?? 0) + 1 - share
    weights[target * from + above] = (weights[target * from + above] ?? 0) + share
  }
  return tensor(weights, [1, to, from])
}

/**
 * Bilinear resizing with half-pixel centres and without antialiasing, as `interpolate(mode='bilinear', align_corners=False)` of PyTorch.
 *
 * It is computed as two matrix products, one a direction, so that it has derivatives of every order on every backend.
 *
 * @param images `[batch, height, width, channel]`.
 * @param height New height.
 * @param width New width, the height unless told.
 *
 * @example
 * ```ts
 * import { ones, resizeBilinear } from '@transferkit/tensor'
 *
 * const smaller = resizeBilinear(ones([1, 8, 8, 3]), 4) // [1, 4, 4, 3]
 * ```
 */
export const resizeBilinear = (images: Images, height: number, width = height): Images => {
  const [batch, oldHeight, oldWidth, channels] = images.shape
  const rows: Tensor = matMul<readonly [number, number, number], readonly number[]>(interpolation(oldHeight, height), reshape(images, [batch, oldHeight, oldWidth * channels]))
  const columns: Tensor = matMul<readonly [number, number, number], readonly number[]>(interpolation(oldWidth, width), reshape(rows, [batch * height, oldWidth, channels]))
  // Four axes again, in the order of images.
  return reshape(columns, [batch, height, width, channels])
}

import type { BatchTransform } from '@transferkit/tensor'
import { emptyLike } from '../data/example-data.js'
import { checkSize, imageShape, shapeOfBatch } from './image-shape.js'
import { resizeImage } from './resize-image.js'

/** How to resize. */
export interface ResizeOptions {
  /** Whether a smaller image averages over all pixels that it covers, yes unless told (as torchvision does), or looks at the two nearest only. */
  readonly antialias?: boolean
}

/**
 * Resizes images by bilinear interpolation between pixel centres, equal to PyTorch's `interpolate(mode='bilinear', align_corners=False)`.
 *
 * Output pixel `i` looks at place `(i + 1/2) * inputSize / outputSize - 1/2` of the input. Bytes stay bytes, rounded to the nearest, halves to even.
 *
 * @param height Height of the result in pixels.
 * @param width Width of the result in pixels; the ratio of the sides is not kept.
 * @param options Whether to antialias.
 * @throws TransferkitError `transform/bad-option` when a size is no whole number from 1; `transform/not-an-image` when it is applied to something else.
 *
 * @example
 * ```ts
 * import { resize } from '@transferkit/datasets'
 *
 * const half = resize(32, 32)
 * ```
 */
export const resize = (height: number, width: number, options: ResizeOptions = {}): BatchTransform => {
  const antialias = options.antialias ?? true
  const name = `resize(${height}, ${width}${antialias ? '' : ', no antialias'})`
  checkSize(name, height, width)
  return {
    name,
    deterministic: true,
    outputShape: (exampleShape) => [height, width, imageShape(exampleShape, name).channels],
    apply: (batch) => {
      const image = shapeOfBatch(batch, name)
      const count = batch.labels.length
      const from = image.height * image.width * image.channels
      const to = height * width * image.channels
      const inputs = emptyLike(batch.inputs, count * to)
      for (let row = 0; row < count; row++) {
        inputs.set(resizeImage(batch.inputs.subarray(row * from, (row + 1) * from), image, { height, width }, antialias), row * to)
      }
      return { ...batch, inputs, shape: [count, height, width, image.channels] }
    },
  }
}

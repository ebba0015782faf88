import { type BatchTransform, integerArray, splitKey, TransferkitError } from '@transferkit/tensor'
import { emptyLike } from '../data/example-data.js'
import { imageShape, shapeOfBatch } from './image-shape.js'
import { copyWindow } from './window.js'

/**
 * Shifts each image at random: pads it with zeros on all sides and cuts a window of the old size from a random place, the usual augmentation of CIFAR.
 *
 * @param padding Pixels added on each side; the largest shift.
 * @throws TransferkitError `transform/bad-option` when the padding is no whole number from 0; `transform/not-an-image` when it is applied to something else.
 *
 * @example
 * ```ts
 * import { padCrop } from '@transferkit/datasets'
 *
 * const shift = padCrop(4)
 * ```
 */
export const padCrop = (padding: number): BatchTransform => {
  const name = `pad-crop(${padding})`
  if (!Number.isInteger(padding) || padding < 0) throw new TransferkitError('transform/bad-option', `${name}: the padding is a whole number of pixels from 0.`)
  return {
    name,
    deterministic: false,
    outputShape: (exampleShape) => {
      imageShape(exampleShape, name)
      return exampleShape
    },
    apply: (batch, key) => {
      const image = shapeOfBatch(batch, name)
      const elements = image.height * image.width * image.channels
      const count = batch.labels.length
      const [forRows, forColumns] = splitKey(key)
      const tops = integerArray(forRows, count, 2 * padding + 1)
      const lefts = integerArray(forColumns, count, 2 * padding + 1)
      const inputs = emptyLike(batch.inputs, batch.inputs.length)
      for (let row = 0; row < count; row++) {
        copyWindow(batch.inputs.subarray(row * elements, (row + 1) * elements), image, inputs.subarray(row * elements, (row + 1) * elements), {
          top: (tops[row] ?? 0) - padding,
          left: (lefts[row] ?? 0) - padding,
          height: image.height,
          width: image.width,
        })
      }
      return { ...batch, inputs }
    },
  }
}

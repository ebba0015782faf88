import { type BatchTransform, TransferkitError, uniformArray } from '@transferkit/tensor'
import { imageShape, shapeOfBatch } from './image-shape.js'

/**
 * Mirrors images left to right at random.
 *
 * @param probability Probability that an image is mirrored, one half unless told.
 * @throws TransferkitError `transform/bad-option` when the probability is not from 0 to 1; `transform/not-an-image` when it is applied to something else.
 *
 * @example
 * ```ts
 * import { horizontalFlip } from '@transferkit/datasets'
 *
 * const flip = horizontalFlip()
 * ```
 */
export const horizontalFlip = (probability = 0.5): BatchTransform => {
  const name = `horizontal-flip(${probability})`
  if (!(probability >= 0 && probability <= 1)) throw new TransferkitError('transform/bad-option', `${name}: the probability is a number from 0 to 1.`)
  return {
    name,
    deterministic: false,
    outputShape: (exampleShape) => {
      imageShape(exampleShape, name)
      return exampleShape
    },
    apply: (batch, key) => {
      const { height, width, channels } = shapeOfBatch(batch, name)
      const choices = uniformArray(key, batch.labels.length)
      const inputs = batch.inputs.slice()
      choices.forEach((choice, image) => {
        if (choice >= probability) return
        for (let row = 0; row < height; row++) {
          const start = (image * height + row) * width * channels
          for (let column = 0; column < width; column++) {
            const [to, from] = [start + column * channels, start + (width - 1 - column) * channels]
            // Element by element: a view for each pixel takes six times as long.
            for (let channel = 0; channel < channels; channel++) inputs[to + channel] = batch.inputs[from + channel] ?? 0
          }
        }
      })
      return { ...batch, inputs }
    },
  }
}

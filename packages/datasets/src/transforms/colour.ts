import { type BatchTransform, type ExampleData, TransferkitError } from '@transferkit/tensor'
import { emptyLike } from '../data/example-data.js'
import { imageShape, shapeOfBatch } from './image-shape.js'

const colourTransform = (name: string, from: number, to: number, convert: (source: ExampleData, target: ExampleData) => void): BatchTransform => {
  const check = (channels: number): void => {
    if (channels !== from) {
      throw new TransferkitError('transform/channel-mismatch', `${name}: works on images of ${from} channel${from === 1 ? '' : 's'}, and these have ${channels}.`)
    }
  }
  return {
    name,
    deterministic: true,
    outputShape: (exampleShape) => {
      const image = imageShape(exampleShape, name)
      check(image.channels)
      return [image.height, image.width, to]
    },
    apply: (batch) => {
      const image = shapeOfBatch(batch, name)
      check(image.channels)
      const inputs = emptyLike(batch.inputs, (batch.inputs.length / from) * to)
      convert(batch.inputs, inputs)
      return { ...batch, inputs, shape: [batch.labels.length, image.height, image.width, to] }
    },
  }
}

/** Repeats each grey value three times. */
export const copyGreyToRgb = (source: ExampleData, target: ExampleData): void => {
  for (let pixel = 0; pixel < source.length; pixel++) target.fill(source[pixel] ?? 0, 3 * pixel, 3 * pixel + 3)
}

/** Weighs red, green and blue as ITU-R BT.601 does; bytes in the whole-number arithmetic of Pillow. */
export const copyRgbToGrey = (source: ExampleData, target: ExampleData): void => {
  const isBytes = target instanceof Uint8Array
  for (let pixel = 0; pixel < target.length; pixel++) {
    const red = source[3 * pixel] ?? 0
    const green = source[3 * pixel + 1] ?? 0
    const blue = source[3 * pixel + 2] ?? 0
    target[pixel] = isBytes ? (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16 : 0.299 * red + 0.587 * green + 0.114 * blue
  }
}

/**
 * Turns grey images to RGB ones with three equal channels.
 *
 * @throws TransferkitError, when it is applied, `transform/channel-mismatch` for images that do not have one channel, `transform/not-an-image` for examples of other axes.
 *
 * @example
 * ```ts
 * import { greyToRgb } from '@transferkit/datasets'
 *
 * const colour = greyToRgb()
 * ```
 */
export const greyToRgb = (): BatchTransform => colourTransform('grey-to-rgb', 1, 3, copyGreyToRgb)

/**
 * Turns RGB images to grey ones: `0.299 red + 0.587 green + 0.114 blue` (ITU-R BT.601). Bytes are rounded as Pillow rounds them.
 *
 * @throws TransferkitError, when it is applied, `transform/channel-mismatch` for images that do not have three channels, `transform/not-an-image` for examples of other axes.
 *
 * @example
 * ```ts
 * import { rgbToGrey } from '@transferkit/datasets'
 *
 * const grey = rgbToGrey()
 * ```
 */
export const rgbToGrey = (): BatchTransform => colourTransform('rgb-to-grey', 3, 1, copyRgbToGrey)

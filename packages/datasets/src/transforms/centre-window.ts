import { type BatchTransform, TransferkitError } from '@transferkit/tensor'
import { emptyLike } from '../data/example-data.js'
import { checkSize, imageShape, roundHalfToEven, shapeOfBatch, type ImageShape } from './image-shape.js'
import { copyWindow } from './window.js'

const centreWindow = (
  name: string,
  size: { readonly height: number; readonly width: number },
  value: number,
  check: (image: ImageShape) => void,
  offset: (difference: number) => number,
): BatchTransform => ({
  name,
  deterministic: true,
  outputShape: (exampleShape) => {
    const image = imageShape(exampleShape, name)
    check(image)
    return [size.height, size.width, image.channels]
  },
  apply: (batch) => {
    const image = shapeOfBatch(batch, name)
    check(image)
    const count = batch.labels.length
    const from = image.height * image.width * image.channels
    const to = size.height * size.width * image.channels
    const inputs = emptyLike(batch.inputs, count * to).fill(value)
    const window = { top: offset(image.height - size.height), left: offset(image.width - size.width), ...size }
    for (let row = 0; row < count; row++) copyWindow(batch.inputs.subarray(row * from, (row + 1) * from), image, inputs.subarray(row * to, (row + 1) * to), window)
    return { ...batch, inputs, shape: [count, size.height, size.width, image.channels] }
  },
})

/**
 * Cuts the middle out of images, where torchvision's `CenterCrop` does.
 *
 * @param height Height of the result in pixels.
 * @param width Width of the result in pixels.
 * @throws TransferkitError `transform/bad-option` when a size is no whole number from 1; `transform/image-too-small`, when it is applied, for smaller images,
 * and `transform/not-an-image` for examples of other axes.
 *
 * @example
 * ```ts
 * import { centreCrop } from '@transferkit/datasets'
 *
 * const middle = centreCrop(224, 224)
 * ```
 */
export const centreCrop = (height: number, width: number): BatchTransform => {
  const name = `centre-crop(${height}, ${width})`
  checkSize(name, height, width)
  const check = (image: ImageShape): void => {
    if (image.height < height || image.width < width) {
      throw new TransferkitError('transform/image-too-small', `${name}: the image is ${image.height} x ${image.width} pixels. Resize it first, or pad it with padTo.`)
    }
  }
  return centreWindow(name, { height, width }, 0, check, (difference) => roundHalfToEven(difference / 2))
}

/**
 * Pads images on all sides to a size, the image in the middle (one pixel up or left of it when the difference is odd).
 *
 * @param height Height of the result in pixels.
 * @param width Width of the result in pixels.
 * @param value What the padding is filled with, 0 unless told.
 * @throws TransferkitError `transform/bad-option` when a size is no whole number from 1; `transform/image-too-large`, when it is applied, for larger images,
 * and `transform/not-an-image` for examples of other axes.
 *
 * @example
 * ```ts
 * import { padTo } from '@transferkit/datasets'
 *
 * const mnistLikeCifar = padTo(32, 32)
 * ```
 */
export const padTo = (height: number, width: number, value = 0): BatchTransform => {
  const name = `pad-to(${height}, ${width}${value === 0 ? '' : `, ${value}`})`
  checkSize(name, height, width)
  const check = (image: ImageShape): void => {
    if (image.height > height || image.width > width) {
      throw new TransferkitError('transform/image-too-large', `${name}: the image is ${image.height} x ${image.width} pixels. Resize it, or cut it with centreCrop.`)
    }
  }
  return centreWindow(name, { height, width }, value, check, (difference) => Math.ceil(difference / 2))
}

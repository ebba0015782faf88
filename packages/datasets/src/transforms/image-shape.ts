import { type HostBatch, TransferkitError } from '@transferkit/tensor'

/** Size of an image. */
export interface ImageShape {
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Height, width and channels of an example, or an error that names the transform that wanted an image. */
export const imageShape = (exampleShape: readonly number[], transform: string): ImageShape => {
  const [height, width, channels] = exampleShape
  if (exampleShape.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new TransferkitError('transform/not-an-image', `${transform}: works on images of shape [height, width, channel], not on examples of shape [${exampleShape.join(', ')}].`)
  }
  return { height, width, channels }
}

export const shapeOfBatch = (batch: HostBatch, transform: string): ImageShape => imageShape(batch.shape.slice(1), transform)

export const checkSize = (transform: string, ...sizes: readonly number[]): void => {
  const wrong = sizes.find((size) => !Number.isInteger(size) || size < 1)
  if (wrong !== undefined) throw new TransferkitError('transform/bad-option', `${transform}: a size is a whole number of pixels from 1, not ${wrong}.`)
}

/** Rounds to the nearest whole number, and halves to the even one, as PyTorch and NumPy do. */
export const roundHalfToEven = (value: number): number => {
  const floor = Math.floor(value)
  const fraction = value - floor
  if (fraction !== 0.5) return fraction < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

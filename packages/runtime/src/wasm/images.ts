import { pad, reshape, slice, type Tensor4D } from '@tensorflow/tfjs-core'

/** Rows or columns to add before and after; a negative number takes some away. */
type Margin = readonly [before: number, after: number]

/** Puts `step - 1` rows and columns of zeros after each row and column. @internal */
export const spread = (images: Tensor4D, [rows, columns]: readonly [number, number]): Tensor4D => {
  if (rows === 1 && columns === 1) return images
  const [batch, height, width, channels] = images.shape
  const split = reshape(images, [batch, height, 1, width, 1, channels])
  const padded = pad(split, [
    [0, 0],
    [0, 0],
    [0, rows - 1],
    [0, 0],
    [0, columns - 1],
    [0, 0],
  ])
  return reshape(padded, [batch, height * rows, width * columns, channels])
}

/** Takes away rows and columns where a margin is negative, and says what remains to be added. @internal */
export const crop = (images: Tensor4D, rows: Margin, columns: Margin): { readonly images: Tensor4D; readonly rows: [number, number]; readonly columns: [number, number] } => {
  const excess = [rows, columns].map(([before, after]) => [Math.max(0, -before), Math.max(0, -after)] as const)
  const [[top, bottom] = [0, 0], [left, right] = [0, 0]] = excess
  const [batch, height, width, channels] = images.shape
  const remaining = (margin: Margin): [number, number] => [Math.max(0, margin[0]), Math.max(0, margin[1])]
  return {
    images:
      top + bottom + left + right === 0
        ? images
        : slice(images, [0, top, left, 0], [batch, height - top - bottom, width - left - right, channels]),
    rows: remaining(rows),
    columns: remaining(columns),
  }
}

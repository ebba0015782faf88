import type { ExampleData } from '@transferkit/tensor'
import type { ImageShape } from './image-shape.js'

/**
 * Copies into `target` the part of an image that lies in a window, which may reach beyond the image: what lies outside is left as it is in `target`.
 */
export const copyWindow = (
  source: ExampleData,
  { height, width, channels }: ImageShape,
  target: ExampleData,
  window: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
): void => {
  const firstColumn = Math.max(0, -window.left)
  const lastColumn = Math.min(window.width, width - window.left)
  if (lastColumn <= firstColumn) return
  for (let row = Math.max(0, -window.top); row < Math.min(window.height, height - window.top); row++) {
    const from = ((row + window.top) * width + firstColumn + window.left) * channels
    target.set(source.subarray(from, from + (lastColumn - firstColumn) * channels), (row * window.width + firstColumn) * channels)
  }
}

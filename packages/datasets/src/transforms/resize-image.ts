import type { ExampleData } from '@transferkit/tensor'
import { emptyLike } from '../data/example-data.js'
import { type ImageShape, roundHalfToEven } from './image-shape.js'

/** For each output position, the first input position that counts and the weights from there. */
interface Contribution {
  readonly start: number
  readonly weights: Float64Array
}

/** Resizes one image by half-pixel bilinear interpolation; see {@link resize}. */
export const resizeImage = (source: ExampleData, { height, width, channels }: ImageShape, target: { readonly height: number; readonly width: number }, antialias: boolean): ExampleData => {
  if (height === target.height && width === target.width) return source.slice()
  const columns = contributions(width, target.width, antialias)
  const rows = contributions(height, target.height, antialias)
  const narrow = new Float64Array(height * target.width * channels)
  for (let row = 0; row < height; row++) {
    columns.forEach(({ start, weights }, column) => {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] ?? 0) * (source[(row * width + start + tap) * channels + channel] ?? 0)
        narrow[(row * target.width + column) * channels + channel] = sum
      }
    })
  }
  const result = emptyLike(source, target.height * target.width * channels)
  const stride = target.width * channels
  const isFloat = result instanceof Float32Array
  rows.forEach(({ start, weights }, row) => {
    for (let index = 0; index < stride; index++) {
      let sum = 0
      for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] ?? 0) * (narrow[(start + tap) * stride + index] ?? 0)
      // Rounding errors near a half would go the wrong way; single precision has them too and rounds them off.
      result[row * stride + index] = isFloat ? sum : roundHalfToEven(Math.fround(sum))
    }
  })
  return result
}

const contributions = (from: number, to: number, antialias: boolean): readonly Contribution[] => {
  const scale = from / to
  return Array.from({ length: to }, (_, position) => (antialias ? triangle(from, scale, position) : twoNearest(from, scale, position)))
}

const triangle = (from: number, scale: number, position: number): Contribution => {
  const reach = Math.max(scale, 1)
  const centre = scale * (position + 0.5)
  const start = Math.max(Math.trunc(centre - reach + 0.5), 0)
  const end = Math.min(Math.trunc(centre + reach + 0.5), from)
  const weights = Float64Array.from({ length: end - start }, (_, tap) => Math.max(0, 1 - Math.abs((tap + start - centre + 0.5) / reach)))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return { start, weights: weights.map((weight) => weight / sum) }
}

const twoNearest = (from: number, scale: number, position: number): Contribution => {
  const place = Math.max(scale * (position + 0.5) - 0.5, 0)
  const start = Math.min(Math.floor(place), from - 1)
  if (start === from - 1) return { start, weights: Float64Array.of(1) }
  return { start, weights: Float64Array.of(1 - (place - start), place - start) }
}

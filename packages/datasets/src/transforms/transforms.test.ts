import { readFileSync } from 'node:fs'
import { type BatchTransform, foldIn, type HostBatch, randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { centreCrop, padTo } from './centre-window.js'
import { greyToRgb, rgbToGrey } from './colour.js'
import { composeTransforms } from './compose-transforms.js'
import { horizontalFlip } from './horizontal-flip.js'
import { normalise } from './normalise.js'
import { padCrop } from './pad-crop.js'
import { resize } from './resize.js'

const expected = JSON.parse(readFileSync(new URL('../../fixtures/expected.json', import.meta.url), 'utf8')) as {
  readonly resize: readonly { readonly from: number[]; readonly to: [number, number]; readonly antialias: boolean; readonly source: number[]; readonly floats: number[]; readonly bytes: number[] }[]
  readonly images: Readonly<Record<string, { readonly pixels: number[] }>>
  readonly greyOfColour: number[]
}
const key = randomKey(1)
const batchOf = (inputs: HostBatch['inputs'], shape: readonly number[]): HostBatch => ({ inputs, shape, labels: new Int32Array(shape[0] ?? 0), indices: new Int32Array(shape[0] ?? 0) })
const counting = (shape: readonly number[]): HostBatch => batchOf(Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index % 256), shape)
const error = (code: string): Error => expect.objectContaining({ code }) as Error

describe('resize', () => {
  test.each(expected.resize)('is that of PyTorch from $from to $to, antialias $antialias', ({ from, to, antialias, source, floats, bytes }) => {
    const transform = resize(...to, { antialias })
    const shape = [1, ...from, 2]
    const asFloats = transform.apply(batchOf(Float32Array.from(source), shape), key)
    expect(asFloats.shape).toEqual([1, ...to, 2])
    asFloats.inputs.forEach((value, index) => expect(Math.abs(value - floats[index]!)).toBeLessThan(3e-4))
    transform.apply(batchOf(Uint8Array.from(source), shape), key).inputs.forEach((value, index) => {
      // PyTorch works in single precision: where the exact value is a half, its rounding errors decide.
      const isHalf = Math.abs((floats[index]! % 1) - 0.5) < 3e-4
      expect(Math.abs(value - bytes[index]!)).toBeLessThanOrEqual(isHalf ? 1 : 0)
    })
  })

  test('of a constant image is constant, and to the same size changes nothing', () => {
    expect(new Set(resize(7, 3).apply(batchOf(new Uint8Array(50).fill(77), [2, 5, 5, 1]), key).inputs)).toEqual(new Set([77]))
    const batch = counting([2, 5, 4, 3])
    expect(resize(5, 4).apply(batch, key)).toEqual(batch)
  })

  test('refuses sizes and examples that are none', () => {
    expect(() => resize(0, 3)).toThrow(error('transform/bad-option'))
    expect(() => resize(3, 3).outputShape([9])).toThrow(error('transform/not-an-image'))
    expect(() => resize(3, 3).apply(counting([2, 9]), key)).toThrow(error('transform/not-an-image'))
  })
})

describe('normalise', () => {
  test('divides bytes by 255 and leaves floats', () => {
    const transform = normalise({ mean: [0.5, 0.25], standardDeviation: [0.5, 2] })
    expect(transform.apply(batchOf(Uint8Array.of(0, 0, 255, 51), [2, 1, 1, 2]), key).inputs).toEqual(Float32Array.of(-1, -0.125, 1, -0.025))
    expect(transform.apply(batchOf(Float32Array.of(1, 2.25), [1, 1, 1, 2]), key).inputs).toEqual(Float32Array.of(1, 1))
    expect(normalise({ mean: [1], standardDeviation: [2] }).apply(batchOf(Float32Array.of(1, 3), [1, 1, 1, 2]), key).inputs).toEqual(Float32Array.of(0, 1))
  })

  test('refuses a deviation of 0, NaN, and another number of channels', () => {
    expect(() => normalise({ mean: [0], standardDeviation: [0] })).toThrow(error('transform/bad-option'))
    expect(() => normalise({ mean: [NaN], standardDeviation: [1] })).toThrow(error('transform/bad-option'))
    expect(() => normalise({ mean: [0, 0, 0], standardDeviation: [1] }).outputShape([2, 2, 1])).toThrow(error('transform/channel-mismatch'))
  })
})

describe('padCrop', () => {
  const image = counting([1, 3, 4, 2])
  const shifted = (top: number, left: number): number[] =>
    Array.from({ length: 24 }, (_, index) => {
      const [row, column, channel] = [Math.floor(index / 8) + top, (Math.floor(index / 2) % 4) + left, index % 2]
      return row < 0 || row > 2 || column < 0 || column > 3 ? 0 : image.inputs[(row * 4 + column) * 2 + channel]!
    })

  test('shifts by every offset about equally often and fills with zeros', () => {
    const offsets = [-1, 0, 1].flatMap((top) => [-1, 0, 1].map((left) => shifted(top, left).join()))
    const seen = new Map(offsets.map((content) => [content, 0]))
    for (let trial = 0; trial < 900; trial++) {
      const content = Array.from(padCrop(1).apply(image, foldIn(key, trial)).inputs).join()
      expect(seen.has(content)).toBe(true)
      seen.set(content, seen.get(content)! + 1)
    }
    for (const count of seen.values()) expect(Math.abs(count - 100)).toBeLessThan(45)
  })

  test('shifts the images of a batch independently and leaves the batch as it was', () => {
    const batch = batchOf(Uint8Array.from({ length: 10 * 24 }, (_, index) => (index % 24) + 1), [10, 3, 4, 2])
    const before = batch.inputs.slice()
    const { inputs } = padCrop(2).apply(batch, key)
    expect(batch.inputs).toEqual(before)
    expect(new Set(Array.from({ length: 10 }, (_, index) => inputs.slice(index * 24, index * 24 + 24).join())).size).toBeGreaterThan(4)
    expect(padCrop(2).apply(batch, key)).toEqual(padCrop(2).apply(batch, key))
  })

  test('refuses a padding that is none', () => {
    expect(() => padCrop(-1)).toThrow(error('transform/bad-option'))
    expect(() => padCrop(1).outputShape([3])).toThrow(error('transform/not-an-image'))
  })
})

describe('horizontalFlip', () => {
  test('mirrors rows, keeping channels together', () => {
    expect(Array.from(horizontalFlip(1).apply(counting([1, 2, 3, 2]), key).inputs)).toEqual([4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7])
    const batch = counting([2, 3, 4, 3])
    expect(horizontalFlip(0).apply(batch, key)).toEqual(batch)
    expect(horizontalFlip(1).apply(horizontalFlip(1).apply(batch, key), key)).toEqual(batch)
  })

  test('mirrors about half of the images', () => {
    const { inputs } = horizontalFlip().apply(batchOf(Uint8Array.from({ length: 2000 }, (_, index) => index % 2), [1000, 1, 2, 1]), key)
    const mirrored = inputs.filter((value, index) => index % 2 === 0 && value === 1).length
    expect(Math.abs(mirrored - 500)).toBeLessThan(75)
  })

  test('refuses a probability that is none', () => {
    expect(() => horizontalFlip(1.1)).toThrow(error('transform/bad-option'))
  })
})

describe('centreCrop and padTo', () => {
  test('take the middle and give it back', () => {
    expect(Array.from(centreCrop(2, 2).apply(counting([1, 4, 4, 1]), key).inputs)).toEqual([5, 6, 9, 10])
    const batch = counting([2, 3, 4, 2])
    const padded = padTo(7, 8).apply(batch, key)
    expect(padded.shape).toEqual([2, 7, 8, 2])
    expect(centreCrop(3, 4).apply(padded, key)).toEqual(batch)
    expect(Array.from(padTo(2, 3, 9).apply(batchOf(Uint8Array.of(1, 2), [1, 1, 2, 1]), key).inputs)).toEqual([1, 2, 9, 9, 9, 9])
  })

  test('round an odd difference as torchvision does', () => {
    const row = batchOf(Uint8Array.of(0, 1, 2, 3, 4, 5), [1, 1, 6, 1])
    expect(Array.from(centreCrop(1, 5).apply(row, key).inputs)).toEqual([0, 1, 2, 3, 4])
    expect(Array.from(centreCrop(1, 3).apply(row, key).inputs)).toEqual([2, 3, 4])
  })

  test('refuse images on the wrong side of the size', () => {
    expect(() => centreCrop(5, 5).outputShape([4, 6, 1])).toThrow(error('transform/image-too-small'))
    expect(() => padTo(5, 5).apply(counting([1, 4, 6, 1]), key)).toThrow(error('transform/image-too-large'))
  })
})

describe('colour', () => {
  test('grey bytes are those of Pillow', () => {
    const colour = expected.images['colour.png']!.pixels
    expect(Array.from(rgbToGrey().apply(batchOf(Uint8Array.from(colour), [1, 12, 16, 3]), key).inputs)).toEqual(expected.greyOfColour)
  })

  test('RGB of grey has three equal channels, and comes back', () => {
    const grey = counting([2, 3, 4, 1])
    const rgb = greyToRgb().apply(grey, key)
    expect(rgb.shape).toEqual([2, 3, 4, 3])
    expect(Array.from(rgb.inputs.slice(3, 9))).toEqual([1, 1, 1, 2, 2, 2])
    expect(rgbToGrey().apply(rgb, key)).toEqual(grey)
    expect(rgbToGrey().apply(batchOf(Float32Array.of(1, 1, 1), [1, 1, 1, 3]), key).inputs[0]).toBeCloseTo(1, 6)
  })

  test('refuses other numbers of channels', () => {
    expect(() => greyToRgb().outputShape([4, 4, 3])).toThrow(error('transform/channel-mismatch'))
    expect(() => rgbToGrey().apply(counting([1, 4, 4, 1]), key)).toThrow(error('transform/channel-mismatch'))
  })
})

describe('composeTransforms', () => {
  test('applies one after the other, each with its own key', () => {
    const keys: unknown[] = []
    const spy: BatchTransform = { name: 'spy', deterministic: true, outputShape: (shape) => shape, apply: (batch, own) => (keys.push(own), batch) }
    const composed = composeTransforms(spy, padTo(6, 6), spy, greyToRgb())
    expect(composed.name).toBe('spy, pad-to(6, 6), spy, grey-to-rgb')
    expect(composed.outputShape([4, 4, 1])).toEqual([6, 6, 3])
    expect(composed.apply(counting([2, 4, 4, 1]), key).shape).toEqual([2, 6, 6, 3])
    expect(keys).toHaveLength(2)
    expect(keys[0]).not.toEqual(keys[1])
    expect(composed.deterministic).toBe(true)
    expect(composeTransforms(composed, horizontalFlip()).deterministic).toBe(false)
  })
})

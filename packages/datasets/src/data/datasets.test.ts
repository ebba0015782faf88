import { type Dataset, foldIn, randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { arrayDataset } from './array-dataset.js'
import { arrayTextDataset } from './array-text-dataset.js'
import { channelStatistics } from './channel-statistics.js'
import { concatenate } from './concatenate.js'
import { fewShot, fewShotSplit } from './few-shot.js'
import { mapDataset } from './map-dataset.js'
import { stratifiedSplit } from './stratified-split.js'
import { subset } from './subset.js'
import { horizontalFlip } from '../transforms/horizontal-flip.js'
import { resize } from '../transforms/resize.js'

/** A set whose example `i` has the one value `i`, with as many examples of each class as told, the classes mixed. */
const counted = (counts: readonly number[]): Dataset => {
  const labels = counts.flatMap((count, label) => Array.from({ length: count }, (_, index) => ({ label, place: (index + 0.5) / count })))
  labels.sort((a, b) => a.place - b.place || a.label - b.label)
  return arrayDataset({
    name: 'counted',
    classes: counts.map((_, label) => `class ${label}`),
    inputs: Float32Array.from(labels, (_, index) => index),
    exampleShape: [1],
    labels: labels.map(({ label }) => label),
  })
}
const valuesOf = async (dataset: Dataset): Promise<number[]> => Array.from((await dataset.read([...Array(dataset.size).keys()])).inputs)
const countsOf = (dataset: { readonly labels: Int32Array; readonly task: { readonly classes: readonly string[] } }): number[] =>
  dataset.task.classes.map((_, label) => dataset.labels.filter((other) => other === label).length)

describe('arrayDataset', () => {
  const good = { name: 'set', classes: ['a', 'b'], inputs: Float32Array.of(1, 2, 3, 4), exampleShape: [2], labels: [0, 1] }

  test('reads examples in the order asked for', async () => {
    const batch = await arrayDataset(good).read([1, 0, 1])
    expect(batch).toEqual({ inputs: Float32Array.of(3, 4, 1, 2, 3, 4), shape: [3, 2], labels: Int32Array.of(1, 0, 1), indices: Int32Array.of(1, 0, 1) })
  })

  test.each([
    ['data/label-out-of-range', 'example 1 has the label 2', { labels: [0, 2] }],
    ['data/label-out-of-range', 'label 0.5', { labels: [0.5, 1] }],
    ['data/not-finite', 'example 1 holds NaN (element 0)', { inputs: Float32Array.of(1, 2, NaN, 4) }],
    ['data/not-finite', 'example 0 holds -Infinity (element 1)', { inputs: Float32Array.of(1, -Infinity, 3, 4) }],
    ['dataset/count-mismatch', '3 labels', { labels: [0, 1, 1] }],
    ['dataset/bad-shape', '[2, 0]', { exampleShape: [2, 0] }],
    ['dataset/bad-classes', '"a" is named twice', { classes: ['a', 'a'] }],
  ])('refuses %s', (code, message, change) => {
    expect(() => arrayDataset({ ...good, ...change })).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error)
  })

  test.each([-1, 2, 0.5, NaN])('has no example %d', (index) => {
    expect(() => arrayDataset(good).read([index])).toThrow(expect.objectContaining({ code: 'dataset/index-out-of-range' }) as Error)
  })
})

describe('arrayTextDataset', () => {
  test('reads texts and pairs', async () => {
    const pairs = arrayTextDataset({ name: 'pairs', classes: ['no', 'yes'], texts: ['a', 'b'], secondTexts: ['c', 'd'], labels: [1, 0] })
    expect(pairs.paired).toBe(true)
    expect(await pairs.read([1])).toEqual({ texts: ['b'], secondTexts: ['d'], labels: Int32Array.of(0), indices: Int32Array.of(1) })
    expect(await subset(pairs, [1]).read([0])).toEqual({ texts: ['b'], secondTexts: ['d'], labels: Int32Array.of(0), indices: Int32Array.of(0) })
  })

  test('refuses another number of labels than texts', () => {
    expect(() => arrayTextDataset({ name: 'x', classes: ['a'], texts: ['a'], labels: [0, 0] })).toThrow(expect.objectContaining({ code: 'dataset/count-mismatch' }) as Error)
  })
})

describe('subset and concatenate', () => {
  test('a subset of a subset reads the right examples', async () => {
    const inner = subset(subset(counted([3, 3]), [5, 3, 1]), [2, 0])
    expect(await valuesOf(inner)).toEqual([1, 5])
    expect((await inner.read([1])).indices).toEqual(Int32Array.of(1))
    expect(() => subset(inner, [2])).toThrow(expect.objectContaining({ code: 'dataset/index-out-of-range' }) as Error)
  })

  test('a concatenation reads across its parts in any order', async () => {
    const all = counted([4, 4])
    const joined = concatenate([subset(all, [6, 7]), subset(all, [0, 1, 2])])
    expect(Array.from((await joined.read([4, 0, 2, 1])).inputs)).toEqual([2, 6, 0, 7])
    expect(Array.from(joined.labels)).toEqual([0, 1, 0, 1, 0])
  })

  test('parts that do not fit are refused', async () => {
    const bytes = arrayDataset({ name: 'bytes', classes: ['class 0'], inputs: Uint8Array.of(1), exampleShape: [1], labels: [0] })
    const floats = counted([1])
    expect(() => concatenate([bytes, counted([1, 1])])).toThrow(expect.objectContaining({ code: 'dataset/parts-differ' }) as Error)
    expect(() => concatenate([])).toThrow(expect.objectContaining({ code: 'dataset/parts-differ' }) as Error)
    await expect(async () => concatenate([bytes, floats]).read([0, 1])).rejects.toMatchObject({ code: 'dataset/parts-differ' })
  })
})

describe('fewShot', () => {
  test('takes the same number of every class; more with the same key adds to them', async () => {
    const all = counted([7, 20, 5])
    const three = fewShot(all, 3, randomKey(4))
    expect(countsOf(three)).toEqual([3, 3, 3])
    const five = new Set(await valuesOf(fewShot(all, 5, randomKey(4))))
    expect((await valuesOf(three)).every((value) => five.has(value))).toBe(true)
    expect(await valuesOf(fewShot(all, 3, randomKey(4)))).toEqual(await valuesOf(three))
    expect(await valuesOf(fewShot(all, 3, randomKey(5)))).not.toEqual(await valuesOf(three))
  })

  test('every example is chosen equally often', async () => {
    const all = counted([4, 6])
    const chosen = new Float64Array(all.size)
    const trials = 3000
    for (let trial = 0; trial < trials; trial++) for (const value of await valuesOf(fewShot(all, 2, foldIn(randomKey(3), trial)))) chosen[value]! += 1
    chosen.forEach((count, position) => {
      const share = all.labels[position] === 0 ? 2 / 4 : 2 / 6
      expect(Math.abs(count / trials - share)).toBeLessThan(4.5 * Math.sqrt((share * (1 - share)) / trials))
    })
  })

  test('the split leaves all others for the test', async () => {
    const all = counted([7, 20, 5])
    const { train, test: rest } = fewShotSplit(all, 4, randomKey(1))
    expect(await valuesOf(train)).toEqual(await valuesOf(fewShot(all, 4, randomKey(1))))
    expect([...(await valuesOf(train)), ...(await valuesOf(rest))].sort((a, b) => a - b)).toEqual([...Array(32).keys()])
  })

  test('names the class that has too few examples', () => {
    const key = randomKey(1)
    const error = (message: string): Error => expect.objectContaining({ code: 'dataset/too-few-examples', message: expect.stringContaining(message) as string }) as Error
    expect(() => fewShot(counted([7, 2]), 3, key)).toThrow(error('class "class 1" has 2 examples'))
    expect(() => fewShot(counted([7, 0]), 1, key)).toThrow(error('class "class 1" has no examples'))
    expect(() => fewShotSplit(counted([7, 3]), 3, key)).toThrow(error('class "class 1" has 3 examples'))
    expect(() => fewShot(counted([7, 3]), 0, key)).toThrow(expect.objectContaining({ code: 'dataset/bad-option' }) as Error)
  })
})

describe('stratifiedSplit', () => {
  test.each(Array.from({ length: 40 }, (_, trial) => trial))('keeps the proportions of classes and sizes (trial %i)', async (trial) => {
    const counts = Array.from({ length: 1 + (trial % 6) }, (_, label) => 1 + ((trial * 7 + label * 13) % 29))
    const all = counted(counts)
    const share = 0.05 + 0.9 * ((trial * 0.37) % 1)
    const { train, rest } = stratifiedSplit(all, { train: share, rest: 1 - share }, foldIn(randomKey(9), trial))
    expect(Math.abs(train.size - share * all.size)).toBeLessThanOrEqual(1)
    countsOf(train).forEach((count, label) => expect(Math.abs(count - share * counts[label]!)).toBeLessThanOrEqual(1))
    expect([...(await valuesOf(train)), ...(await valuesOf(rest))].sort((a, b) => a - b)).toEqual([...Array(all.size).keys()])
  })

  test('splits in three, the same by the same key', async () => {
    const all = counted([100, 50])
    const split = (seed: number): Readonly<Record<'train' | 'validation' | 'test', Dataset>> => stratifiedSplit(all, { train: 0.6, validation: 0.2, test: 0.2 }, randomKey(seed))
    const { train, validation, test: held } = split(1)
    expect([train, validation, held].map(countsOf)).toEqual([
      [60, 30],
      [20, 10],
      [20, 10],
    ])
    expect(train.name).toBe('counted/train')
    expect(split(1).validation.labels).toEqual(validation.labels)
    expect(await valuesOf(split(2).validation)).not.toEqual(await valuesOf(validation))
  })

  test('refuses shares that are none, and an empty class', () => {
    const key = randomKey(1)
    expect(() => stratifiedSplit(counted([4]), { a: 0.5, b: 0.4 }, key)).toThrow(expect.objectContaining({ code: 'dataset/bad-option' }) as Error)
    expect(() => stratifiedSplit(counted([4]), { a: 1.5, b: -0.5 }, key)).toThrow(expect.objectContaining({ code: 'dataset/bad-option' }) as Error)
    expect(() => stratifiedSplit(counted([4, 0]), { a: 0.5, b: 0.5 }, key)).toThrow(expect.objectContaining({ code: 'dataset/too-few-examples' }) as Error)
  })
})

describe('mapDataset', () => {
  const images = arrayDataset({ name: 'images', classes: ['a'], inputs: Uint8Array.from({ length: 40 }, (_, index) => index), exampleShape: [1, 4, 1], labels: Array<number>(10).fill(0) })

  test('an example is the same whatever it is read with', async () => {
    const mapped = mapDataset(images, horizontalFlip(), randomKey(3))
    const together = await mapped.read([...Array(10).keys()])
    for (let index = 0; index < 10; index++) expect((await mapped.read([index])).inputs).toEqual(together.inputs.slice(index * 4, index * 4 + 4))
    expect(together.inputs).not.toEqual(Uint8Array.from({ length: 40 }, (_, index) => index))
  })

  test('has the shape after the transform', async () => {
    const mapped = mapDataset(images, resize(2, 2))
    expect(mapped.exampleShape).toEqual([2, 2, 1])
    expect((await mapped.read([3, 4])).shape).toEqual([2, 2, 2, 1])
    expect(() => mapDataset(images, horizontalFlip())).toThrow(expect.objectContaining({ code: 'dataset/no-key' }) as Error)
  })
})

describe('channelStatistics', () => {
  test('are those of all values, over more than one batch', async () => {
    const values = Array.from({ length: 700 * 3 }, (_, index) => (index * 37) % 256)
    const set = arrayDataset({ name: 'set', classes: ['a'], inputs: Uint8Array.from(values), exampleShape: [1, 1, 3], labels: Array<number>(700).fill(0) })
    const { mean, standardDeviation } = await channelStatistics(set)
    for (let channel = 0; channel < 3; channel++) {
      const own = values.filter((_, index) => index % 3 === channel).map((value) => value / 255)
      const average = own.reduce((sum, value) => sum + value, 0) / own.length
      expect(mean[channel]).toBeCloseTo(average, 12)
      expect(standardDeviation[channel]).toBeCloseTo(Math.sqrt(own.reduce((sum, value) => sum + (value - average) ** 2, 0) / own.length), 12)
    }
  })

  test('keep their digits far from zero', async () => {
    const inputs = Float32Array.from({ length: 1024 }, (_, index) => 8_000_000 + (index % 2))
    const set = arrayDataset({ name: 'set', classes: ['a'], inputs, exampleShape: [1], labels: Array<number>(1024).fill(0) })
    expect(await channelStatistics(set)).toEqual({ mean: [8_000_000.5], standardDeviation: [0.5] })
  })

  test('refuse an empty set', async () => {
    await expect(channelStatistics(subset(counted([1]), []))).rejects.toMatchObject({ code: 'dataset/empty' })
  })
})

import { randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { arrayTextDataset } from '../data/array-text-dataset.js'
import { batches } from '../data/batches.js'
import { concatenate } from '../data/concatenate.js'
import { encodeTexts } from './encode-texts.js'
import { encodedDataset } from './encoded-dataset.js'
import { vocabulary } from './vocabulary.js'

const words = vocabulary(['a a a a b b b c c d'])
const classes = ['no', 'yes']
const texts = ['a b', '', 'x y', 'a '.repeat(9), 'd '.repeat(100_000), 'c x']
const set = arrayTextDataset({ name: 'set', classes, texts, labels: [0, 1, 0, 1, 0, 1] })

describe('encodedDataset', () => {
  test('cuts batches to their longest text, rounded up to 8 and at most the maximum', async () => {
    const encoded = await encodedDataset(set, { vocabulary: words, maximumLength: 20 })
    expect(encoded.exampleShape).toEqual([20])
    expect(await encoded.read([5, 1, 0])).toEqual({
      inputs: Int32Array.of(4, 1, 0, 0, 0, 0, 0, 0, ...new Int32Array(8), 2, 3, 0, 0, 0, 0, 0, 0),
      shape: [3, 8],
      labels: Int32Array.of(1, 1, 0),
      indices: Int32Array.of(5, 1, 0),
    })
    expect((await encoded.read([3])).shape).toEqual([1, 16])
    expect(await encoded.read([4])).toMatchObject({ inputs: new Int32Array(20).fill(5), shape: [1, 20] })
    expect((await encoded.read([])).shape).toEqual([0, 8])
    expect(() => encoded.read([6])).toThrow('there is no example 6')
    expect((await (await encodedDataset(set, { vocabulary: words, maximumLength: 3 })).read([0])).shape).toEqual([1, 3])
  })

  test('reports what was cut, unknown and empty', async () => {
    const { report } = await encodedDataset(set, { vocabulary: words, maximumLength: 20 })
    expect(report).toEqual({ texts: 6, tokens: 100_015, longest: 100_000, cut: 1, unknown: 3, empty: 1, allUnknown: 1 })
  })

  test('puts pairs side by side', async () => {
    const pairs = arrayTextDataset({ name: 'pairs', classes, texts: ['a', 'b c'], secondTexts: ['a a a a a a a a a', ''], labels: [0, 1] })
    const encoded = await encodedDataset(pairs, { vocabulary: words, maximumLength: 40 })
    expect(encoded.exampleShape).toEqual([2, 40])
    const { inputs, shape } = await encoded.read([1, 0])
    expect(shape).toEqual([2, 2, 16])
    expect([0, 16, 32, 48].map((start) => [...inputs.subarray(start, start + 3)])).toEqual([[3, 4, 0], [0, 0, 0], [2, 0, 0], [2, 2, 2]])
    expect(encoded.report).toMatchObject({ texts: 4, empty: 1 })
  })

  test('is read in its own order', async () => {
    const many = arrayTextDataset({ name: 'many', classes, texts: Array.from({ length: 64 }, (_, index) => 'a '.repeat(index)), labels: new Int32Array(64) })
    const encoded = await encodedDataset(many, { vocabulary: words, maximumLength: 64 })
    const lengths: number[] = []
    const met: number[] = []
    for await (const { shape, indices } of batches(encoded, { batchSize: 8, key: randomKey(1) })) {
      lengths.push(shape[1] ?? 0)
      met.push(...indices)
    }
    expect(lengths.toSorted((left, right) => left - right)).toEqual([8, 16, 24, 32, 40, 48, 56, 64])
    expect(lengths).not.toEqual([8, 16, 24, 32, 40, 48, 56, 64])
    expect(new Set(met).size).toBe(64)
  })

  test('joins others of its length, though their batches are cut', async () => {
    const pairs = arrayTextDataset({ name: 'pairs', classes, texts: ['a'], secondTexts: ['b c'], labels: [1] })
    const encoded = await encodedDataset(pairs, { vocabulary: words, maximumLength: 10 })
    const { inputs, shape } = await concatenate([encoded, encoded]).read([1, 0])
    const row = [2, ...new Int32Array(9), 3, 4, ...new Int32Array(8)]
    expect(shape).toEqual([2, 2, 10])
    expect([...inputs]).toEqual([...row, ...row])
  })

  test('refuses a length that cannot be', async () => {
    await expect(encodedDataset(set, { vocabulary: words, maximumLength: 0 })).rejects.toMatchObject({ code: 'text/bad-option' })
  })
})

describe('encodeTexts', () => {
  test('keeps the full length', () => {
    expect(encodeTexts(['b', 'a b c d'], { vocabulary: words, maximumLength: 3 })).toEqual({
      inputs: Int32Array.of(3, 0, 0, 2, 3, 4),
      shape: [2, 3],
      report: { texts: 2, tokens: 5, longest: 4, cut: 1, unknown: 0, empty: 0, allUnknown: 0 },
    })
    expect(encodeTexts(['b'], { vocabulary: words, maximumLength: 2 }, ['c'])).toMatchObject({ inputs: Int32Array.of(3, 0, 4, 0), shape: [1, 2, 2] })
  })

  test('refuses another number of second texts', () => {
    expect(() => encodeTexts(['b'], { vocabulary: words, maximumLength: 2 }, [])).toThrow('1 texts and 0 second texts')
  })
})

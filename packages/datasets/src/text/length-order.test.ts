import { integerArray, randomKey } from '@transferkit/tensor'
import { expect, test } from 'vitest'
import { lengthOrder } from './length-order.js'

const lengths = integerArray(randomKey(1), 4001, 40)
const longest = (positions: Int32Array): number => positions.reduce((most, position) => Math.max(most, lengths[position] ?? 0), 0)
const shortest = (positions: Int32Array): number => positions.reduce((least, position) => Math.min(least, lengths[position] ?? 0), 99)

test('names every example once, and like examples together', () => {
  const order = lengthOrder(lengths, randomKey(2), 20)
  expect(order.toSorted()).toEqual(Int32Array.from({ length: 4001 }, (_, index) => index))
  const batches = Array.from({ length: 200 }, (_, batch) => order.subarray(batch * 20, (batch + 1) * 20))
  // In a window of 50 batches of lengths 0 to 39, a batch spans about 1 length, and seldom 3.
  expect(batches.filter((batch) => longest(batch) - shortest(batch) > 3)).toHaveLength(0)
  // Were the batches not shuffled, their lengths would go up within each window.
  const longer = batches.filter((batch, index) => index > 0 && longest(batch) >= longest(batches[index - 1] ?? batch)).length
  expect(longer).toBeGreaterThan(70)
  expect(longer).toBeLessThan(140)
})

test('is another one for another key, in its batches too, and leaves out another example', () => {
  const [first, second] = [2, 3].map((seed) => lengthOrder(lengths, randomKey(seed), 20)) as [Int32Array, Int32Array]
  expect(lengthOrder(lengths, randomKey(2), 20)).toEqual(first)
  expect(first.at(-1)).not.toBe(second.at(-1))
  const batchWith = (order: Int32Array, position: number): Int32Array => order.subarray(Math.floor(order.indexOf(position) / 20) * 20).slice(0, 20)
  expect(batchWith(first, 7).toSorted()).not.toEqual(batchWith(second, 7).toSorted())
})

test.each([
  [0, 4],
  [3, 4],
  [4, 4],
  [5, 1],
])('%i examples in batches of %i', (size, batchSize) => {
  expect(lengthOrder(new Int32Array(size), randomKey(1), batchSize).toSorted()).toEqual(Int32Array.from({ length: size }, (_, index) => index))
})

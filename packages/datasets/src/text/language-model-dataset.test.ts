import { randomKey } from '@transferkit/tensor'
import { expect, test } from 'vitest'
import { languageModelDataset } from './language-model-dataset.js'
import { vocabulary } from './vocabulary.js'

// Numbers: a 2, b 3, c 4, d 5.
const words = vocabulary(['a a a a b b b c c d'])
const texts = ['a b c', '', 'd', 'c x a d', 'a b']

test('makes an example of each place that has words before it', async () => {
  const next = languageModelDataset(texts, { vocabulary: words, maximumLength: 2 })
  expect(next.task.classes).toEqual(['a', 'b', 'c', 'd'])
  expect(next.report).toEqual({ texts: 5, tokens: 10, tooShort: 2, leftOut: 1 })
  expect(await next.read([0, 1, 2, 3, 4])).toEqual({
    inputs: Int32Array.of(2, 0, 2, 3, 4, 1, 1, 2, 2, 0),
    shape: [5, 2],
    labels: Int32Array.of(1, 2, 0, 3, 1),
    indices: Int32Array.of(0, 1, 2, 3, 4),
  })
  expect(next.labels).toEqual(Int32Array.of(1, 2, 0, 3, 1))
  expect(next.order?.(randomKey(1), 2).toSorted()).toEqual(Int32Array.of(0, 1, 2, 3, 4))
  expect(() => next.read([5])).toThrow('there is no example 5')
})

test('leaves rare next words out, but not from what stands before', async () => {
  const next = languageModelDataset(texts, { vocabulary: words, maximumLength: 20, nextWords: 2 })
  expect(next.task.classes).toEqual(['a', 'b'])
  expect(next.report.leftOut).toBe(3)
  expect((await next.read([1])).inputs).toEqual(Int32Array.of(4, 1, 0, 0, 0, 0, 0, 0))
})

test.each([
  [['a b'], { maximumLength: 0 }, 'text/bad-option'],
  [['a b'], { nextWords: 0.5 }, 'text/bad-option'],
  [['a', 'a x', ''], {}, 'dataset/empty'],
])('refuses %j with %j', (given, options, code) => {
  expect(() => languageModelDataset(given, { vocabulary: words, maximumLength: 4, ...options })).toThrow(expect.objectContaining({ code }) as Error)
})

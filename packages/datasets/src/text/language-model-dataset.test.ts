import { randomKey } from '@transferkit/tensor'
import { expect, test } from 'vitest'
import { languageModelDataset } from './language-model-dataset.js'
import { vocabulary } from './vocabulary.js'

// Numbers: a 2, b 3, c 4, d 5.
const words = vocabulary(['a a a a b b b c c d'])
const texts = ['a b c d a', '', 'd', 'c x a d', 'a b']

test('cuts texts into rows whose next words are told, each word but the first of a text once', async () => {
  const next = languageModelDataset(texts, { vocabulary: words, maximumLength: 2 })
  expect(next.task.classes).toEqual(['a', 'b', 'c', 'd'])
  expect(next.firstClassToken).toBe(2)
  expect(next.report).toEqual({ texts: 5, tokens: 12, tooShort: 2, places: 7, leftOut: 1 })
  expect(await next.read([0, 1, 2, 3, 4])).toEqual({
    // a b, c d, c x, a, a; behind them stand c, a, a, d, b.
    inputs: Int32Array.of(2, 3, 4, 5, 4, 1, 2, 0, 2, 0),
    shape: [5, 2],
    labels: Int32Array.of(2, 0, 0, 3, 1),
    indices: Int32Array.of(0, 1, 2, 3, 4),
  })
  expect(next.size).toBe(5)
  expect(next.order?.(randomKey(1), 2).toSorted()).toEqual(Int32Array.of(0, 1, 2, 3, 4))
  expect(() => next.read([5])).toThrow('there is no example 5')
})

test('rare next words are not told, and a row ends where the last of the others is', async () => {
  const next = languageModelDataset(texts, { vocabulary: words, maximumLength: 20, nextWords: 2 })
  expect(next.task.classes).toEqual(['a', 'b'])
  expect(next.report).toMatchObject({ places: 4, leftOut: 4 })
  expect((await next.read([0, 1])).inputs).toEqual(Int32Array.of(2, 3, 4, 5, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0))
  expect(next.labels).toEqual(Int32Array.of(0, 0, 1))
})

test('a text of 100,000 words makes rows of the maximum length', () => {
  const next = languageModelDataset(['a b '.repeat(50_000)], { vocabulary: words, maximumLength: 100 })
  expect(next.size).toBe(1000)
  expect(next.report.places).toBe(99_999)
})

test.each([
  [['a b'], { maximumLength: 0 }, 'text/bad-option'],
  [['a b'], { nextWords: 0.5 }, 'text/bad-option'],
  [['a', 'a x', ''], {}, 'dataset/empty'],
])('refuses %j with %j', (given, options, code) => {
  expect(() => languageModelDataset(given, { vocabulary: words, maximumLength: 4, ...options })).toThrow(expect.objectContaining({ code }) as Error)
})

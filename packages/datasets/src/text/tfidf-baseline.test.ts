import { integerArray, randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { arrayTextDataset } from '../data/array-text-dataset.js'
import type { TextDataset } from '../data/text-dataset.js'
import { tfidfBaseline } from './tfidf-baseline.js'
import { fitTfidf } from './tfidf-rows.js'
import { wordTokeniser } from './word-tokeniser.js'

test('a row holds the weights of its tokens and pairs, at length 1', () => {
  const { columns, rowsOf } = fitTfidf([['a b'], ['a a']], wordTokeniser())
  // a, b, "a b", "a a"
  expect(columns).toBe(4)
  const { starts, values } = rowsOf([['a a z'], [''], ['b']])
  expect([...starts]).toEqual([0, 2, 2, 3])
  // Of two texts, "a" is in both: 1 + ln(3 / 3) = 1, twice; "a a" is in one: 1 + ln(3 / 2).
  const [single, pair] = [2, 1 + Math.log(1.5)]
  expect(values[0]).toBeCloseTo(single / Math.hypot(single, pair), 6)
  expect(values[1]).toBeCloseTo(pair / Math.hypot(single, pair), 6)
  expect(values[2]).toBe(1)
})

describe('tfidfBaseline', () => {
  /** Sentences of random words; the class is the number of the word of its own that each holds. */
  const sentences = (name: string, seed: number, size: number): TextDataset => {
    const noise = integerArray(randomKey(seed), size * 6, 50)
    const labels = Int32Array.from({ length: size }, (_, index) => index % 3)
    const texts = Array.from(labels, (label, index) => [...noise.subarray(index * 6, index * 6 + 6)].map((word) => `w${word}`).toSpliced(index % 5, 0, `class${label}`).join(' '))
    return arrayTextDataset({ name, classes: ['0', '1', '2'], texts, labels })
  }

  test('learns words that tell the class, the same each time', async () => {
    const [train, held] = [sentences('train', 1, 120), sentences('test', 2, 60)]
    const first = await tfidfBaseline(train, held)
    expect(first.accuracy).toBeGreaterThan(0.95)
    expect(first.features).toBeGreaterThan(53)
    expect(await tfidfBaseline(train, held)).toEqual(first)
  })

  test('tells the two texts of a pair apart', async () => {
    const pairs = { classes: ['no', 'yes'], labels: [0, 1, 0, 1], texts: ['up', 'down', 'up', 'down'], secondTexts: ['down', 'up', 'down', 'up'] }
    const { predictions, features } = await tfidfBaseline(arrayTextDataset({ name: 'train', ...pairs }), arrayTextDataset({ name: 'test', ...pairs }))
    expect([...predictions]).toEqual(pairs.labels)
    expect(features).toBe(4)
  })

  test('predicts the most frequent class of a text without any known word', async () => {
    const train = arrayTextDataset({ name: 'train', classes: ['a', 'b'], texts: ['x', 'y', 'z'], labels: [0, 1, 1] })
    const { predictions } = await tfidfBaseline(train, arrayTextDataset({ name: 'test', classes: ['a', 'b'], texts: ['', 'q'], labels: [0, 0] }))
    expect([...predictions]).toEqual([1, 1])
  })

  test('refuses sets of other classes, and empty ones', async () => {
    const [train, other, none] = [['a', 'b'], ['b', 'a'], ['a', 'b']].map((classes, index) => arrayTextDataset({ name: `${index}`, classes, texts: index === 2 ? [] : ['x'], labels: index === 2 ? [] : [0] }))
    await expect(tfidfBaseline(train!, other!)).rejects.toMatchObject({ code: 'dataset/parts-differ' })
    await expect(tfidfBaseline(train!, none!)).rejects.toMatchObject({ code: 'dataset/empty' })
  })
})

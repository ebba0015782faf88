import { describe, expect, test } from 'vitest'
import { arrayTextDataset } from '../data/array-text-dataset.js'
import { alignVocabularies } from './align-vocabularies.js'
import { loadVocabulary, saveVocabulary } from './stored-vocabulary.js'
import { textsOf } from './texts-of.js'
import type { Tokeniser } from './tokeniser.js'
import { vocabulary } from './vocabulary.js'
import { wordTokeniser } from './word-tokeniser.js'

describe('vocabulary', () => {
  test('numbers tokens by frequency, then by characters, whatever the order of the texts', () => {
    const words = vocabulary(['b c a', 'c b', 'c'])
    expect(words.tokens).toEqual(['<padding>', '<unknown>', 'c', 'b', 'a'])
    expect(words.counts).toEqual([0, 0, 3, 2, 1])
    expect(words.size).toBe(5)
    expect(vocabulary(['c', 'c b', 'b c a']).tokens).toEqual(words.tokens)
    expect(words.encode('A z b __proto__ constructor')).toEqual(Int32Array.of(4, 1, 3, 1, 1))
    expect(words.encode('')).toHaveLength(0)
  })

  test('keeps frequent tokens only, and counts those left out', () => {
    expect(vocabulary(['a a a b b c'], { minimumCount: 2 })).toMatchObject({ tokens: ['<padding>', '<unknown>', 'a', 'b'], counts: [0, 1, 3, 2] })
    expect(vocabulary(['a a a b b c'], { maximumSize: 3 })).toMatchObject({ tokens: ['<padding>', '<unknown>', 'a'], counts: [0, 3, 3] })
  })

  test('a text that spells out the padding is not taken for padding', () => {
    const bySpaces: Tokeniser = { name: 'by spaces', tokens: (text) => text.split(' ') }
    expect(vocabulary(['a b'], { tokeniser: bySpaces }).encode('a <padding> <unknown>')).toEqual(Int32Array.of(2, 1, 1))
  })

  test.each([
    [['a'], { minimumCount: 0 }, 'vocabulary/bad-option'],
    [['a'], { maximumSize: 2 }, 'vocabulary/bad-option'],
    [['', ' '], {}, 'vocabulary/empty'],
    [['a b'], { minimumCount: 2 }, 'vocabulary/empty'],
  ])('refuses %j with %j', (texts, options, code) => {
    expect(() => vocabulary(texts, options)).toThrow(expect.objectContaining({ code }) as Error)
  })

  test('takes the texts of a set, both of a pair', async () => {
    const pairs = arrayTextDataset({ name: 'pairs', classes: ['no'], texts: ['a', 'b'], secondTexts: ['c', 'd'], labels: [0, 0] })
    expect(await textsOf(pairs)).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a stored vocabulary', () => {
  test('is the same when it is read', () => {
    const words = vocabulary(["It's fine", 'FINE'], { tokeniser: wordTokeniser({ lowerCase: false, englishContractions: true }) })
    const loaded = loadVocabulary(saveVocabulary(words))
    expect(loaded.tokens).toEqual(words.tokens)
    expect(loaded.counts).toEqual(words.counts)
    expect(loaded.tokeniser.settings).toEqual(words.tokeniser.settings)
    expect(loaded.encode("it's FINE")).toEqual(words.encode("it's FINE"))
  })

  test('asks for a tokeniser of your own', () => {
    const tokeniser: Tokeniser = { name: 'letters', tokens: (text) => Array.from(text) }
    const json = saveVocabulary(vocabulary(['ab'], { tokeniser }))
    expect(loadVocabulary(json, { tokeniser }).encode('ba')).toEqual(Int32Array.of(3, 2))
    expect(() => loadVocabulary(json)).toThrow("made with the tokeniser 'letters', which is not stored with it")
    expect(() => loadVocabulary(json, { tokeniser: wordTokeniser() })).toThrow("not with 'words(lower case)'")
  })

  const good = { format: 'transferkit/vocabulary', version: 1, tokeniser: { kind: 'words', lowerCase: true, punctuation: 'tokens', englishContractions: false }, tokens: ['<padding>', '<unknown>', 'a'] }
  test.each([
    ['', 'JSON'],
    ['{}', 'format'],
    [JSON.stringify({ ...good, tokens: ['<padding>', '<unknown>', 'a', 'a'] }), 'a token comes twice'],
    [JSON.stringify({ ...good, counts: [0, 0] }), 'not as many counts'],
    [JSON.stringify({ ...good, tokeniser: { kind: 'wrds' } }), 'tokeniser'],
  ])('is refused when it is %j', (json, message) => {
    expect(() => loadVocabulary(json, { name: 'v.json' })).toThrow(expect.objectContaining({ code: 'vocabulary/bad-json', message: expect.stringMatching(new RegExp(`^v\\.json.*${message}`, 's')) as string }) as Error)
  })
})

test('vocabularies are aligned by token', () => {
  const target = vocabulary(['dull phone phone a', 'dull a a'])
  const { rows, ...rest } = alignVocabularies(vocabulary(['a dull film', 'dull']), target)
  expect(target.tokens.slice(2)).toEqual(['a', 'dull', 'phone'])
  expect([...rows]).toEqual([0, 1, 3, 2, -1])
  expect(rest).toEqual({ found: 2, coverage: 2 / 3, textCoverage: 5 / 7, missing: ['phone'] })
})

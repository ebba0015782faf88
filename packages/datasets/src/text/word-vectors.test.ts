import { gzipSync } from 'node:zlib'
import { randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { embeddingMatrix } from './embedding-matrix.js'
import { readBinaryVectors } from './read-binary-vectors.js'
import { readTextVectors, type TextVectorsOptions } from './read-text-vectors.js'
import { vocabulary } from './vocabulary.js'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const inPieces = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
const join = (...parts: readonly (string | Uint8Array)[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...(typeof part === 'string' ? encode(part) : part)]))
const floats = (...values: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * values.length))
  values.forEach((value, index) => view.setFloat32(4 * index, value, true))
  return new Uint8Array(view.buffer)
}

const expected = { words: ['film', 'größe', 'dull'], width: 2, values: Float32Array.of(0.5, -1, 1e-3, 2, 3, 4), duplicates: 1, malformed: 0 }
const glove = 'film 0.5 -1\ngröße 1e-3 2\nfilm 9 9\ndull 3 4\n'
const binary = join('4 2\n', 'film ', floats(0.5, -1), '\n', 'größe ', floats(1e-3, 2), '\nfilm ', floats(9, 9), 'dull ', floats(3, 4), '\n')

describe('readTextVectors', () => {
  test.each([
    ['GloVe', encode(glove)],
    ['word2vec, with spaces at the ends of lines', encode(`4 2\n${glove.replaceAll('\n', ' \r\n')}`)],
    ['gzip', new Uint8Array(gzipSync(glove))],
    ['a byte-order mark, no last line end', encode(`\ufeff${glove.trimEnd()}`)],
  ])('reads %s', async (_, bytes) => {
    expect(await readTextVectors(bytes)).toEqual(expected)
    expect(await readTextVectors(inPieces(bytes, 3))).toEqual(expected)
  })

  test('keeps vectors of a vocabulary only', async () => {
    expect(await readTextVectors(encode(glove), { vocabulary: vocabulary(['a dull phone']) })).toMatchObject({ words: ['dull'], values: Float32Array.of(3, 4) })
  })

  test('takes words with spaces where it is told to', async () => {
    expect(await readTextVectors(encode('. . 1 2\na b@c 3 4\nd 5 6\n'), { spacesInWords: true, width: 2 })).toMatchObject({ words: ['. .', 'a b@c', 'd'], width: 2 })
  })

  const odd = join('a 1\n', Uint8Array.of(0xe9), ' 2\nb 3\n')
  test('passes over words that are not UTF-8 where it is told to', async () => {
    expect(await readTextVectors(odd, { malformed: 'skip' })).toMatchObject({ words: ['a', 'b'], malformed: 1 })
  })

  test.each<[string, string | Uint8Array, TextVectorsOptions, string, string]>([
    ['a value too few', 'a 1 2\nb 1\n', {}, 'data/bad-line', 'v.txt, line 2: the line has 1 values after "b", and 2 were expected'],
    ['a value too many', 'a 1 2\nb 1 2 3\n', {}, 'data/bad-line', 'set the option spacesInWords'],
    ['another width than asked for', 'a 1 2\n', { width: 3 }, 'data/bad-line', 'and 3 were expected'],
    ['another width than the header says', '1 3\na 1 2\n', {}, 'data/bad-line', 'line 2: the line has 2 values after "a", and 3 were expected'],
    ['a header that denies the option', '1 3\na 1 2 3\n', { width: 2 }, 'data/bad-header', 'the option width says 2'],
    ['no number', 'a 1 x\n', {}, 'data/bad-line', 'value 2 of the vector is "x"'],
    ['nothing between two spaces', 'a 1  2\nb 1 2\n', {}, 'data/bad-line', 'value 2 of the vector is ""'],
    ['an infinity', 'a 1 1e99\n', {}, 'data/not-finite', 'value 2 of the vector of "a" is Infinity'],
    ['fewer words than the header says', '3 1\na 1\nb 2\n', {}, 'data/truncated', 'says 3 words, and the file ends after 2'],
    ['more words than the header says', '1 1\na 1\nb 2\n', {}, 'data/trailing-bytes', 'line 3'],
    ['a word that is not UTF-8', odd, {}, 'data/bad-text', "line 2: the word is not valid UTF-8. Fetch the file again, or set the option malformed to 'skip'"],
    ['no vectors', '', {}, 'data/truncated', 'no word vectors'],
    ['a line without values', 'a\n', {}, 'data/bad-line', 'expected a word and its values'],
    ['an empty line', 'a 1\n\nb 1\n', {}, 'data/bad-line', 'line 2'],
    ['more than is permitted', 'a 1 2\nb 3 4\n', { maximumBytes: 12 }, 'data/too-large', 'maximumBytes'],
  ])('refuses %s', async (_, content, options, code, message) => {
    await expect(readTextVectors(typeof content === 'string' ? encode(content) : content, { name: 'v.txt', ...options })).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
  })
})

describe('readBinaryVectors', () => {
  test.each([1, 7, 1000])('reads pieces of %i bytes', async (size) => {
    expect(await readBinaryVectors(inPieces(binary, size))).toEqual(expected)
    expect(await readBinaryVectors(inPieces(new Uint8Array(gzipSync(binary)), size))).toEqual(expected)
  })

  test('keeps vectors of a vocabulary only', async () => {
    expect(await readBinaryVectors(binary, { vocabulary: vocabulary(['dull']) })).toMatchObject({ words: ['dull'], values: Float32Array.of(3, 4) })
  })

  const odd = join('2 1\n', Uint8Array.of(0xff), ' ', floats(1), 'b ', floats(2))
  test('passes over words that are not UTF-8 where it is told to', async () => {
    expect(await readBinaryVectors(odd, { malformed: 'skip' })).toMatchObject({ words: ['b'], malformed: 1 })
  })

  test.each<[string, Uint8Array, string, string]>([
    ['a text file', encode(glove), 'data/bad-header', 'use readTextVectors'],
    ['a header of nothing', encode('0 0\n'), 'data/bad-header', 'begins with'],
    ['a header without end', encode('1'.repeat(5000)), 'data/bad-header', 'begins with'],
    ['an empty file', new Uint8Array(0), 'data/truncated', 'within its header'],
    ['a file cut within a vector', binary.subarray(0, -5), 'data/truncated', 'the file ends within word 4'],
    ['a file cut within a word', binary.subarray(0, 20), 'data/truncated', 'the file ends within word 2, which starts at byte 17'],
    ['more than the header says', join(binary, 'x'), 'data/trailing-bytes', 'after the 4 words'],
    ['a word without end', join('1 1\n', 'x'.repeat(5000)), 'data/bad-text', 'longer than 4096 bytes'],
    ['a word that is not UTF-8', odd, 'data/bad-text', 'v.bin, word 1 (byte 4)'],
    ['a value that is no number', join('1 1\na ', floats(Number.NaN)), 'data/not-finite', 'value 1 of the vector of "a" is NaN'],
    ['a width beyond all bounds', encode('1 999999999\na '), 'data/too-large', 'maximumBytes'],
  ])('refuses %s', async (_, bytes, code, message) => {
    await expect(readBinaryVectors(bytes, { name: 'v.bin', maximumBytes: 2 ** 20 })).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
  })
})

describe('embeddingMatrix', () => {
  const vectors = { words: ['film', 'The'], width: 2, values: Float32Array.of(0.5, -1, 1, 2), duplicates: 0, malformed: 0 }
  const tokens = vocabulary(['film film The the fine FILM'], { tokeniser: { name: 'by spaces', tokens: (text) => text.split(' ') } })
  const matrix = embeddingMatrix(tokens, vectors, randomKey(1))

  test('takes rows from the vectors, also those of the lower-case form', () => {
    expect(tokens.tokens.slice(2)).toEqual(['film', 'FILM', 'The', 'fine', 'the'])
    expect(matrix.shape).toEqual([7, 2])
    expect([...matrix.values.subarray(4, 10)]).toEqual([0.5, -1, 0.5, -1, 1, 2])
    expect(matrix).toMatchObject({ found: 3, coverage: 3 / 5, textCoverage: 4 / 6, missing: ['fine', 'the'] })
  })

  test('padding is 0; the other rows are drawn, by token, as wide as the vectors found', () => {
    expect([...matrix.values.subarray(0, 2)]).toEqual([0, 0])
    expect(matrix.values.subarray(2, 4).every((value) => value !== 0)).toBe(true)
    expect(embeddingMatrix(tokens, vectors, randomKey(1)).values).toEqual(matrix.values)
    const fine = vocabulary(['fine film film film FILM'], { tokeniser: tokens.tokeniser })
    const other = embeddingMatrix(fine, { ...vectors, values: vectors.values.map((value) => 3 * value) }, randomKey(1))
    expect(other.missing).toEqual(['fine'])
    const wide = vocabulary(['x'], { tokeniser: tokens.tokeniser })
    const many = { words: ['y'], width: 5000, values: new Float32Array(5000), duplicates: 0, malformed: 0 }
    const row = embeddingMatrix(wide, many, randomKey(1)).values.subarray(10_000)
    // The standard error of a standard deviation is 1 % here.
    expect(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length)).toBeCloseTo(0.1, 2)
  })
})

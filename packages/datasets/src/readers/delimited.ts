import { TransferkitError } from '@transferkit/tensor'
import type { ByteSource } from '../bytes/byte-source.js'
import { textLines, type TextReaderOptions } from './text-lines.js'

// Own, because no kept parser streams, runs in a browser and names the line of a stray quote; the strict grammar is small.

/** What {@link readDelimited} may be told. */
export interface DelimitedReaderOptions extends TextReaderOptions {
  /** Character between fields, `,` unless told; a tab for TSV. */
  readonly delimiter?: string
  /** Character around fields that hold delimiters, line ends or (doubled) quotes: `"` unless told, `null` when quotes are ordinary characters, as in most TSV. */
  readonly quote?: '"' | "'" | null
  /** Number of fields that every row must have; that of the first row unless told. */
  readonly fieldCount?: number
}

/** A row of a delimited file. */
export interface DelimitedRow {
  /** Number of the line on which the row starts, from 1. */
  readonly line: number
  /** The fields, without their quotes. */
  readonly fields: readonly string[]
}

/**
 * Reads a delimited text file (CSV, TSV) row by row, after RFC 4180: fields may be quoted, a quote inside is doubled, and a quoted field may span lines.
 *
 * A header row is a row like any other. Empty lines are passed over.
 *
 * @param source The bytes of the file, compressed by gzip or not; rows are given out as they arrive.
 * @param options Delimiter, quote, encoding, number of fields, name of the file for messages.
 * @throws TransferkitError `data/bad-line` for a stray or missing quote or another number of fields, `data/bad-text` when a line is not in the encoding,
 * `data/bad-option` when the delimiter is not one character, `data/too-large` when a line is, `data/corrupt-gzip`.
 *
 * @example
 * ```ts
 * import { readDelimited } from '@transferkit/datasets'
 *
 * const file = new TextEncoder().encode('text,label\n"Hello, you",greeting\n')
 * const texts: string[] = []
 * for await (const { fields } of readDelimited(file)) texts.push(fields[0] ?? '')
 * ```
 */
export async function* readDelimited(source: ByteSource, options: DelimitedReaderOptions = {}): AsyncGenerator<DelimitedRow, void, undefined> {
  const name = options.name ?? 'input'
  const delimiter = options.delimiter ?? ','
  const quote = options.quote === undefined ? '"' : options.quote
  if (delimiter.length !== 1 || delimiter === quote || /[\r\n]/.test(delimiter)) {
    throw new TransferkitError('data/bad-option', `readDelimited: the delimiter is one character other than the quote and a line end, not ${JSON.stringify(delimiter)}.`)
  }
  const shown = delimiter === '\t' ? 'tab' : JSON.stringify(delimiter)
  let fieldCount = options.fieldCount
  let open: OpenRow | undefined
  for await (const { number, text } of textLines(source, options)) {
    const result = parseLine(open ?? { line: number, fields: [] }, text, { delimiter, quote, place: `${name}, line ${number}` })
    if (result.quoted !== undefined) {
      open = result
      continue
    }
    open = undefined
    if (result.fields.length === 1 && result.fields[0] === '' && text.trim() === '') continue
    fieldCount ??= result.fields.length
    if (result.fields.length !== fieldCount) {
      throw new TransferkitError('data/bad-line', `${name}, line ${result.line}: the row has ${result.fields.length} fields, and ${fieldCount} were expected. ${result.fields.length < fieldCount ? `Is a ${shown} missing?` : quote === null ? `Is a ${shown} too many?` : `A field that holds a ${shown} has to stand in quotes.`}`)
    }
    yield { line: result.line, fields: result.fields }
  }
  if (open !== undefined) {
    throw new TransferkitError('data/bad-line', `${name}, line ${open.line}: a quoted field that starts in this row is never closed.`)
  }
}

interface OpenRow {
  readonly line: number
  readonly fields: readonly string[]
  /** Pieces of a quoted field that goes on in the next line. */
  readonly quoted?: readonly string[]
}

const parseLine = (row: OpenRow, text: string, grammar: { readonly delimiter: string; readonly quote: string | null; readonly place: string }): OpenRow => {
  const { delimiter, quote, place } = grammar
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  const fields = [...row.fields]
  let position = 0
  let pieces: string[] | undefined = row.quoted === undefined ? undefined : [...row.quoted]
  for (;;) {
    if (pieces === undefined && quote !== null && line[position] === quote) {
      pieces = []
      position += 1
    }
    if (pieces !== undefined && quote !== null) {
      const end = line.indexOf(quote, position)
      // The CR of a line end inside a quoted field belongs to the field.
      if (end === -1) return { line: row.line, fields, quoted: [...pieces, text.slice(position), '\n'] }
      pieces.push(line.slice(position, end))
      position = end + 1
      if (line[position] === quote) {
        pieces.push(quote)
        position += 1
        continue
      }
      fields.push(pieces.join(''))
      pieces = undefined
      if (position === line.length) return { line: row.line, fields }
      if (line[position] !== delimiter) {
        throw new TransferkitError('data/bad-line', `${place}: a quoted field is followed by ${JSON.stringify(line.slice(position, position + 10))}, and a delimiter or the line's end was expected. Quotes inside a field are doubled.`)
      }
      position += 1
      continue
    }
    const end = line.indexOf(delimiter, position)
    const field = end === -1 ? line.slice(position) : line.slice(position, end)
    if (quote !== null && field.includes(quote)) {
      throw new TransferkitError('data/bad-line', `${place}: a quote stands inside a field without quotes: ${JSON.stringify(field.slice(0, 60))}. If quotes are ordinary characters in this file, set the option quote to null.`)
    }
    fields.push(field)
    if (end === -1) return { line: row.line, fields }
    position = end + 1
  }
}

import { TransferkitError } from '@transferkit/tensor'
import { unknownId, type Vocabulary } from './vocabulary.js'

/** What was lost and found when texts became numbers. */
export interface EncodingReport {
  /** Number of texts; an example that is a pair has two. */
  readonly texts: number
  /** Number of tokens of all texts, before any was cut. */
  readonly tokens: number
  /** Number of tokens of the longest text, before it was cut. */
  readonly longest: number
  /** Number of texts that were cut to the maximum length; their start was kept. */
  readonly cut: number
  /** Number of tokens, among those kept, that the vocabulary does not have. */
  readonly unknown: number
  /** Number of texts without any token; all of their row is padding. */
  readonly empty: number
  /** Number of texts with tokens of which the vocabulary has none. */
  readonly allUnknown: number
}

/** Texts as rows of token numbers of their own lengths. */
export interface TokenRows {
  readonly rows: readonly Int32Array[]
  readonly report: EncodingReport
}

/** A row for each text. */
export const tokenRows = (texts: readonly string[], vocabulary: Vocabulary, maximumLength: number): TokenRows => {
  if (!Number.isInteger(maximumLength) || maximumLength < 1) throw new TransferkitError('text/bad-option', `maximumLength is a whole number of tokens from 1, not ${maximumLength}.`)
  let [tokens, longest, cut, unknown, empty, allUnknown] = [0, 0, 0, 0, 0, 0]
  const rows = texts.map((text) => {
    const whole = vocabulary.encode(text)
    // Copied, so that the rest of a very long text is not kept with it.
    const row = whole.length > maximumLength ? whole.slice(0, maximumLength) : whole
    const unknownHere = row.reduce((count, id) => count + (id === unknownId ? 1 : 0), 0)
    tokens += whole.length
    longest = Math.max(longest, whole.length)
    cut += row === whole ? 0 : 1
    unknown += unknownHere
    empty += row.length === 0 ? 1 : 0
    allUnknown += row.length > 0 && unknownHere === row.length ? 1 : 0
    return row
  })
  return { rows, report: { texts: texts.length, tokens, longest, cut, unknown, empty, allUnknown } }
}

/** Rows side by side, each filled up with padding. */
export const paddedRows = (rows: readonly Int32Array[], length: number): Int32Array => {
  const padded = new Int32Array(rows.length * length)
  rows.forEach((row, index) => padded.set(row, index * length))
  return padded
}

/** The length of the longest row rounded up to a multiple of 8, so that batches have few different shapes; at least 8, and at most `maximumLength`. */
export const batchLength = (rows: readonly Int32Array[], maximumLength: number): number =>
  Math.min(maximumLength, Math.max(8, Math.ceil(rows.reduce((longest, row) => Math.max(longest, row.length), 0) / 8) * 8))

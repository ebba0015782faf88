import type { Tokeniser } from './tokeniser.js'

/** Rows of which most values are 0: row `r` has the values from `starts[r]` to `starts[r + 1]`, each in its column. */
export interface SparseRows {
  readonly starts: Int32Array
  readonly columns: Int32Array
  readonly values: Float32Array
}

/** The texts of an example: one, or a pair. */
export type ExampleTexts = readonly string[]

/** Tokens and pairs of neighbouring tokens; those of a second text are told apart from those of the first by the number before them. */
const gramsOf = (texts: ExampleTexts, tokeniser: Tokeniser): readonly string[] =>
  texts.flatMap((text, position) => {
    const tokens = tokeniser.tokens(text)
    return tokens.flatMap((token, index) => [`${position} ${token}`, ...(index === 0 ? [] : [`${position} ${tokens[index - 1] ?? ''} ${token}`])])
  })

/**
 * Learns the weights of tokens and pairs of tokens from some examples: `tf * (1 + ln((1 + n) / (1 + df)))`, each row of length 1.
 *
 * @returns The number of columns, and a function from any examples to their rows; what was not in the first ones has no column.
 */
export const fitTfidf = (examples: readonly ExampleTexts[], tokeniser: Tokeniser): { readonly columns: number; readonly rowsOf: (examples: readonly ExampleTexts[]) => SparseRows } => {
  const columnOf = new Map<string, number>()
  const documents: number[] = []
  for (const example of examples) {
    for (const gram of new Set(gramsOf(example, tokeniser))) {
      const column = columnOf.get(gram) ?? documents.length
      columnOf.set(gram, column)
      documents[column] = (documents[column] ?? 0) + 1
    }
  }
  const weights = Float64Array.from(documents, (count) => 1 + Math.log((1 + examples.length) / (1 + count)))
  const rowOf = (example: ExampleTexts): readonly (readonly [number, number])[] => {
    const found = new Map<number, number>()
    for (const gram of gramsOf(example, tokeniser)) {
      const column = columnOf.get(gram)
      if (column !== undefined) found.set(column, (found.get(column) ?? 0) + (weights[column] ?? 0))
    }
    const length = Math.sqrt([...found.values()].reduce((sum, value) => sum + value * value, 0))
    return [...found].map(([column, value]) => [column, value / length])
  }
  return {
    columns: documents.length,
    rowsOf: (wanted) => {
      const rows = wanted.map(rowOf)
      const entries = rows.flat()
      const starts = new Int32Array(rows.length + 1)
      rows.forEach((row, index) => {
        starts[index + 1] = (starts[index] ?? 0) + row.length
      })
      return { starts, columns: Int32Array.from(entries, ([column]) => column), values: Float32Array.from(entries, ([, value]) => value) }
    },
  }
}

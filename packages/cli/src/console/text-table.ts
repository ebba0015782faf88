/** A column of a table of text. @internal */
export interface TextColumn {
  /** Its heading. */
  readonly heading: string
  /** Whether it holds numbers, which stand at the right. */
  readonly numeric?: boolean
}

/**
 * A table in plain text: headings, a line, rows.
 *
 * @param columns The columns.
 * @param rows One text a column.
 * @returns The table with a line end after each row.
 * @internal
 */
export const textTable = (columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string => {
  const widths = columns.map(({ heading }, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (texts: readonly string[]): string =>
    `${columns.map(({ numeric = false }, column) => (numeric ? (texts[column] ?? '').padStart(widths[column] ?? 0) : (texts[column] ?? '').padEnd(widths[column] ?? 0))).join('  ').trimEnd()}\n`
  return [line(columns.map(({ heading }) => heading)), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('')
}

/** A fenced TypeScript example of a documentation comment or of a page. */
export interface Example {
  /** The line in its file on which the code begins, from 1. */
  readonly line: number
  /** The code. */
  readonly code: string
  /** Whether the fence says `ts no-run`: the example needs what a test has not (files, a network, hours), and is type-checked only. */
  readonly runs: boolean
}

const fence = /^\s*```(\S*)[ \t]*(.*?)\s*$/

/**
 * Finds the fences marked `ts` in the lines of a page.
 *
 * @param lines The lines, without the comment signs around them.
 * @param firstLine The number of the first of them in their file.
 */
const examplesInLines = (lines: readonly string[], firstLine: number): Example[] => {
  const examples: Example[] = []
  let open: { readonly line: number; readonly language: string; readonly flags: string; readonly code: string[] } | undefined
  for (const [index, line] of lines.entries()) {
    const match = fence.exec(line)
    if (open === undefined) {
      if (match) open = { line: firstLine + index + 1, language: match[1] ?? '', flags: match[2] ?? '', code: [] }
    } else if (match) {
      if (open.language === 'ts') examples.push({ line: open.line, code: open.code.join('\n'), runs: open.flags !== 'no-run' })
      open = undefined
    } else {
      open.code.push(line)
    }
  }
  return examples
}

/**
 * Finds the examples of a Markdown page.
 *
 * @param page The text of the page.
 */
export const examplesInMarkdown = (page: string): Example[] => examplesInLines(page.split('\n'), 1)

/**
 * Finds the examples in the documentation comments of a TypeScript file.
 *
 * @param source The text of the file.
 */
export const examplesInSource = (source: string): Example[] =>
  [...source.matchAll(/\/\*\*.*?\*\//gs)].flatMap((comment) => {
    const lines = comment[0].split('\n').map((line) => line.replace(/^\s*(?:\/\*\*|\* ?)/, ''))
    return examplesInLines(lines, source.slice(0, comment.index).split('\n').length)
  })

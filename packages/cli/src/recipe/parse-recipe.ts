import { TransferkitError } from '@transferkit/tensor'
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { type FieldPath, fieldName, problemsOf, type RecipeProblem } from './issues.js'
import type { RecipeKind } from './recipe-kind.js'

/** A recipe together with the text that it came from, so that a problem found later can still be shown in its place. */
export interface ParsedRecipe<R> extends RecipeErrors {
  /** The recipe, defaults filled in. */
  readonly recipe: R
}

/** Shows problems of a recipe in their places. */
export interface RecipeErrors {
  /** Makes the error for problems in fields of this recipe, with their lines. */
  readonly error: (problems: readonly RecipeProblem[]) => TransferkitError
}

/** Offset in the text of the name or value of a field, or of the nearest field around it. */
const offsetOf = (document: Document, path: FieldPath, atName: boolean): number => {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1]) : undefined
    if (isScalar(pair?.key) && (atName || length < path.length)) return pair.key.range?.[0] ?? 0
    const node = document.getIn(path.slice(0, length), true)
    // Whatever yaml finds by a path is a node; an absent one has no range.
    const range = (node as { readonly range?: readonly number[] | null } | undefined)?.range
    if (range) return range[0] ?? 0
    if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0
  }
  return 0
}

/**
 * Reads a recipe and checks all of it.
 *
 * @param text The recipe in YAML.
 * @param file Name of its file, for messages.
 * @param kind What kind of recipe it is.
 * @throws TransferkitError `recipe/syntax` when it is not YAML, `recipe/invalid` otherwise. Every problem is a line of the message, with file, line, column, field and the
 * nearest valid spelling.
 * @internal
 */
export const parseRecipe = <R>(text: string, file: string, kind: RecipeKind<R>): ParsedRecipe<R> => {
  const { schema, description } = kind
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}, line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`
  }
  const [syntax] = document.errors
  if (syntax !== undefined) throw new TransferkitError('recipe/syntax', `${place(syntax.pos[0])}: this is not valid YAML: ${syntax.message.trim()}`)

  const error = (problems: readonly RecipeProblem[]): TransferkitError => {
    const inOrder = problems.map(({ path, atName = false, message }) => ({ offset: offsetOf(document, path, atName), text: `${fieldName(path)}: ${message}` })).sort((a, b) => a.offset - b.offset)
    return new TransferkitError('recipe/invalid', inOrder.map(({ offset, text: problem }) => `${place(offset)}, ${problem}`).join('\n'))
  }

  const value = readValue(document, file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw error([{ path: [], message: description }])
  }
  const result = schema.safeParse(value)
  if (!result.success) throw error(problemsOf(result.error.issues, value, z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' })))
  const problems = kind.problems(result.data)
  if (problems.length > 0) throw error(problems)
  return { recipe: result.data, error }
}

const readValue = (document: Document, file: string): unknown => {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new TransferkitError('recipe/syntax', `${file}: its aliases (*name) cannot be resolved: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

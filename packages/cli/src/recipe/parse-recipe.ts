import { TransferkitError } from '@transferkit/tensor'
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { type FieldPath, fieldName, problemsOf, type RecipeProblem } from './issues.js'
import { checkRecipe, type Recipe, recipeJsonSchema } from './schema.js'

/** A recipe together with the text that it came from, so that a problem found later can still be shown in its place. */
export interface ParsedRecipe {
  /** The recipe, defaults filled in. */
  readonly recipe: Recipe
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

const semanticProblems = (recipe: Recipe): readonly RecipeProblem[] => {
  const names = recipe.strategies.map(strategyName)
  return [
    ...names.flatMap((name, index): readonly RecipeProblem[] =>
      names.findIndex((other) => folderName(other) === folderName(name)) === index
        ? []
        : [{ path: ['strategies', index], message: `the name ${JSON.stringify(name)} is used twice; give this one a name of its own with name.` }],
    ),
    ...recipe.strategies.flatMap(({ steps, epochs }, index): readonly RecipeProblem[] =>
      steps === undefined || epochs === undefined ? [] : [{ path: ['strategies', index, 'epochs'], message: 'say how long to train with either steps or epochs.' }],
    ),
    ...recipe.seeds.flatMap((seed, index): readonly RecipeProblem[] => (recipe.seeds.indexOf(seed) === index ? [] : [{ path: ['seeds', index], message: `the seed ${seed} is there twice.` }])),
    ...(recipe.target.test === 'rest' && recipe.target.examplesPerClass === undefined
      ? [{ path: ['target'], message: 'with test: rest the rest of the data set is the test set, so examplesPerClass has to say how much is for training; or name a test split with test.' }]
      : []),
  ]
}

/**
 * The name under which a strategy of a recipe stands in tables and folders.
 *
 * @param entry The entry of the recipe.
 * @internal
 */
export const strategyName = (entry: Recipe['strategies'][number]): string => entry.name ?? [entry.strategy, ...entry.regularisers.map(({ regulariser }) => regulariser)].join('+')

/**
 * A name as the name of a folder, on every file system.
 *
 * @param name Name of a strategy or a run.
 * @internal
 */
export const folderName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.+=]+/gu, '-')
    .replace(/^-|[-.]+$/g, '')

/**
 * Reads a recipe and checks all of it.
 *
 * @param text The recipe in YAML.
 * @param file Name of its file, for messages.
 * @throws TransferkitError `recipe/syntax` when it is not YAML, `recipe/invalid` otherwise. Every problem is a line of the message, with file, line, column, field and the
 * nearest valid spelling.
 * @internal
 */
export const parseRecipe = (text: string, file: string): ParsedRecipe => {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}, line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`
  }
  const [syntax] = document.errors
  if (syntax !== undefined) throw new TransferkitError('recipe/syntax', `${place(syntax.pos[0])}: this is not valid YAML: ${syntax.message.trim()}`)

  const error = (problems: readonly RecipeProblem[]): TransferkitError =>
    new TransferkitError('recipe/invalid', problems.map(({ path, atName = false, message }) => `${place(offsetOf(document, path, atName))}, ${fieldName(path)}: ${message}`).join('\n'))

  const value = readValue(document, file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw error([{ path: [], message: 'a recipe is a group of fields: source, target, training, strategies, seeds. "transferkit compare --help" shows one.' }])
  }
  const result = checkRecipe(value)
  if (!result.success) throw error(problemsOf(result.error.issues, value, recipeJsonSchema()))
  const problems = semanticProblems(result.data)
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

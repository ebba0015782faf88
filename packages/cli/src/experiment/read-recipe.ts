import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import type { CommonRecipe } from '../recipe/common-schema.js'
import { type ParsedRecipe, parseRecipe } from '../recipe/parse-recipe.js'
import type { RecipeKind } from '../recipe/recipe-kind.js'
import { inField } from '../recipe/in-field.js'
import { availableDefinitions, type Definitions } from './definitions.js'
import { checkBackend } from './open-backend.js'

/** A recipe with where it came from. @internal */
export interface RecipeFile<R = CommonRecipe> extends ParsedRecipe<R> {
  /** Folder of the file: paths in the recipe start from it. */
  readonly folder: string
  /** Name of the run: what the recipe says, else the name of its file. */
  readonly name: string
  /** What it can name: plugins that it lists, and those that are installed beside it, bring more. */
  readonly definitions: Definitions
}

/** A recipe is written by hand; what is larger is some other file. */
const largestRecipe = 1_000_000

const readText = async (path: string, shown: string): Promise<string> => {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new TransferkitError('recipe/not-found', `${shown}: there is no such file. A recipe is a YAML file; "transferkit compare --help" shows one.`)
  if (!found.isFile()) throw new TransferkitError('recipe/not-found', `${shown}: is not a file. Give the recipe's file, in YAML.`)
  if (found.size > largestRecipe) throw new TransferkitError('recipe/too-large', `${shown}: has ${found.size} bytes and is no recipe, then. "transferkit compare --help" shows one.`)
  const bytes = await readFile(path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new TransferkitError('recipe/syntax', `${shown}: is not a text in UTF-8, so it is no recipe.`, { cause })
  }
}

/**
 * Reads a recipe from its file, and imports its plugins.
 *
 * @param file Path of the file as it was given.
 * @param workingFolder Folder that the path starts from.
 * @param kind What kind of recipe it is.
 * @throws TransferkitError `recipe/not-found`, what {@link parseRecipe} and importing plugins throw, and `recipe/invalid` for a plugin or backend that there is not.
 * @internal
 */
export const readRecipe = async <R extends CommonRecipe>(file: string, workingFolder: string, kind: RecipeKind<R>): Promise<RecipeFile<R>> => {
  const path = resolve(workingFolder, file)
  const parsed = parseRecipe(await readText(path, file), file, kind)
  const folder = dirname(path)
  const { plugins, backend } = parsed.recipe
  const definitions = await inField(parsed, ['plugins'], () => availableDefinitions(plugins, folder))
  await inField(parsed, ['backend'], () => checkBackend(backend, definitions.backends))
  return { ...parsed, folder, name: parsed.recipe.name ?? basename(path, extname(path)), definitions }
}

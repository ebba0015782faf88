import { TransferkitError } from '@transferkit/tensor'
import type { FieldPath } from './issues.js'
import type { RecipeErrors } from './parse-recipe.js'

/** Errors of plugins, backends, data sets and transforms that mean: the recipe asks for something that there is not. */
const isMistakeInRecipe = (code: string): boolean =>
  code.startsWith('transform/') || code.startsWith('plugin/') || ['usage/unknown-backend', 'dataset/unknown', 'dataset/options', 'dataset/no-split', 'dataset/wrong-kind', 'dataset/bad-option', 'dataset/too-few-examples', 'dataset/parts-differ', 'data/no-folder', 'data/no-vectors', 'data/vectors-width', 'nlp/network-options', 'nlp/input-shape', 'nlp/language-model', 'tfjs/unknown-tap'].includes(code)

/**
 * Does what a field of a recipe asks for. What the field is to blame for is told with its line.
 *
 * @param parsed The recipe.
 * @param path The field.
 * @param work What the field asks for.
 * @internal
 */
export const inField = async <T>({ error }: RecipeErrors, path: FieldPath, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (cause) {
    if (TransferkitError.isInstance(cause) && isMistakeInRecipe(cause.code)) throw error([{ path, message: cause.message }])
    throw cause
  }
}

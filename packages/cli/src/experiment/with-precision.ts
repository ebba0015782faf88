import type { CommonRecipe } from '../recipe/common-schema.js'
import type { TrainingOverrides } from '../recipe/training-schema.js'
import type { RecipeFile } from './read-recipe.js'

/**
 * A recipe whose training computes in the precision of the command line, where that says one; strategies and domains with one of their own keep it.
 *
 * @param file The recipe.
 * @param precision What the command line says.
 * @internal
 */
export const withPrecision = <R extends CommonRecipe>(file: RecipeFile<R>, precision: TrainingOverrides['precision']): RecipeFile<R> =>
  precision === undefined ? file : { ...file, recipe: { ...file.recipe, training: { ...file.recipe.training, precision } } }

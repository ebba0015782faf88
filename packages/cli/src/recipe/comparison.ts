import { z } from 'zod'
import { commonFields, commonProblems } from './common-schema.js'
import { type TargetSettings, targetSchema } from './image-schemas.js'
import type { FieldPath, RecipeProblem } from './issues.js'
import type { RecipeKind } from './recipe-kind.js'

const recipeSchema = z.strictObject({ ...commonFields, target: targetSchema })

/**
 * What to compare: a source network, a target data set, strategies, a training budget and seeds; defaults are filled in.
 *
 * It is written in YAML; `transferkit compare --help` shows one.
 */
export type Recipe = z.infer<typeof recipeSchema>

/**
 * What is wrong with a target beyond its single fields.
 *
 * @param target The target.
 * @param path Where it stands.
 * @internal
 */
export const targetProblems = ({ test, examplesPerClass }: TargetSettings, path: FieldPath): readonly RecipeProblem[] =>
  test === 'rest' && examplesPerClass === undefined
    ? [{ path, message: 'with test: rest the rest of the data set is the test set, so examplesPerClass has to say how much is for training; or name a test split with test.' }]
    : []

/** Recipes of `transferkit compare` and `run`. @internal */
export const comparison: RecipeKind<Recipe> = {
  schema: recipeSchema,
  description: 'a recipe is a group of fields: source, target, training, strategies, seeds. "transferkit compare --help" shows one.',
  problems: (recipe) => [...commonProblems(recipe), ...targetProblems(recipe.target, ['target'])],
}

import { z } from 'zod'
import { commonFields, commonProblems, folderName, strategyName } from './common-schema.js'
import { type TargetSettings, targetSchema } from './target-schema.js'
import type { FieldPath, RecipeProblem } from './issues.js'
import type { RecipeKind } from './recipe-kind.js'
import { baselineName, readsText, sourceTextProblems, targetTextProblems } from './text-problems.js'

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
export const targetProblems = ({ test, examplesPerClass, trainShare }: TargetSettings, path: FieldPath): readonly RecipeProblem[] => {
  if (examplesPerClass !== undefined && trainShare !== undefined) return [{ path: [...path, 'trainShare'], message: 'say how much is for training with either examplesPerClass or trainShare.' }]
  if (test !== 'rest') return []
  if (trainShare === 1) return [{ path: [...path, 'trainShare'], message: 'with test: rest nothing would be left to test on; write a share below 1, or test: { share: 0.2 }.' }]
  return examplesPerClass === undefined && trainShare === undefined
    ? [{ path, message: 'with test: rest the rest of the data set is the test set, so examplesPerClass or trainShare has to say how much is for training; or name a test split with test, or a share of all examples, such as test: { share: 0.2 }.' }]
    : []
}

/** Strategies with the name of the row that a text recipe has beside them. */
const takenNames = ({ source, strategies }: Recipe): readonly RecipeProblem[] =>
  strategies.flatMap((entry, index) =>
    readsText(source) && folderName(strategyName(entry)) === folderName(baselineName) ? [{ path: ['strategies', index, 'name'], message: `${JSON.stringify(baselineName)} is the name of the baseline of every text recipe; give this strategy another one.` }] : [],
  )

/** Recipes of `transferkit compare` and `run`. @internal */
export const comparison: RecipeKind<Recipe> = {
  schema: recipeSchema,
  description: 'a recipe is a group of fields: source, target, training, strategies, seeds. "transferkit compare --help" shows one.',
  problems: (recipe) => [
    ...commonProblems(recipe),
    ...targetProblems(recipe.target, ['target']),
    ...sourceTextProblems(recipe.source),
    ...targetTextProblems(recipe.source, recipe.target, ['target']),
    ...takenNames(recipe),
  ],
}

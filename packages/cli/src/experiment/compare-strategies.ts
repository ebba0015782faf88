import type { Recipe } from '../recipe/comparison.js'
import type { Results } from '../report/results.js'
import type { Experiment } from './experiment.js'
import { methodsOf } from './methods.js'
import { type PlannedStrategy, plannedStrategies } from './planned-strategies.js'
import type { RecipeFile } from './read-recipe.js'
import { resolvedRecipe } from './resolved-recipe.js'
import { runFiles } from './run-layout.js'

/** What of a recipe is run. @internal */
export interface Selection {
  /** Chooses among the strategies. */
  readonly strategies: (planned: readonly PlannedStrategy[]) => readonly PlannedStrategy[]
  /** The seeds. */
  readonly seeds: readonly number[]
}

/**
 * The experiment of a recipe with one target.
 *
 * @param file The recipe.
 * @param select What of it is run.
 * @throws TransferkitError `recipe/invalid` for strategies and options that there are not, and what importing plugins throws.
 * @internal
 */
export const compareStrategies = async (file: RecipeFile<Recipe>, select: Selection): Promise<Experiment<Results>> => {
  const strategies = select.strategies(plannedStrategies(file, await methodsOf(file)))
  const { seeds } = select
  return {
    file,
    targets: [{ path: ['target'], settings: file.recipe.target, strategies }],
    seeds,
    resultsFile: runFiles.results,
    resolved: (backend) => resolvedRecipe(file, { strategies, seeds, backend, target: file.recipe.target }),
    collect: (header, outcomes) => ({ ...header, rows: outcomes.map(({ row }) => row) }),
  }
}

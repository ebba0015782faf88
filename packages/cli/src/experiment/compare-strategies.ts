import type { Recipe } from '../recipe/comparison.js'
import { readsText } from '../recipe/text-problems.js'
import type { Results } from '../report/results.js'
import type { Experiment } from './experiment.js'
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
  /** Whether a simple classifier is trained beside the strategies of a text recipe; yes unless told. */
  readonly withBaseline?: boolean
}

/**
 * The experiment of a recipe with one target.
 *
 * @param file The recipe.
 * @param select What of it is run.
 * @throws TransferkitError `recipe/invalid` for strategies and options that there are not.
 * @internal
 */
export const compareStrategies = (file: RecipeFile<Recipe>, select: Selection): Experiment<Results> => {
  const strategies = select.strategies(plannedStrategies(file, file.definitions.methods))
  const { seeds } = select
  const { source, target } = file.recipe
  return {
    file,
    targets: [{ path: ['target'], settings: target, strategies, baseline: select.withBaseline !== false && readsText(source) && target.baseline !== 'none' }],
    seeds,
    resultsFile: runFiles.results,
    resolved: (backend) => resolvedRecipe(file, { strategies, seeds, backend, target }),
    collect: (header, outcomes) => ({ ...header, rows: outcomes.map(({ row }) => row) }),
  }
}

import { stringify } from 'yaml'
import type { PlannedStrategy } from './planned-strategies.js'
import type { RecipeFile } from './read-recipe.js'

/**
 * A recipe with everything that was decided, in YAML: all defaults, the options of every strategy, the seeds and the backend that were taken.
 *
 * @param file The recipe.
 * @param planned Its strategies.
 * @param seeds The seeds.
 * @param backend The backend.
 * @internal
 */
export const resolvedRecipe = ({ recipe, name }: RecipeFile, planned: readonly PlannedStrategy[], seeds: readonly number[], backend: string): string => {
  const { plugins, source, target, training } = recipe
  const entries = planned.map((plan) => ({
    name: plan.name,
    strategy: plan.entry.strategy,
    options: plan.strategy.options,
    ...(plan.entry.regularisers.length === 0 ? {} : { regularisers: plan.entry.regularisers }),
    ...plan.settings,
  }))
  return stringify({ name, backend, plugins, source, target, training, strategies: entries, seeds: [...seeds] })
}

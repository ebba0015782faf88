import { stringify } from 'yaml'
import type { CommonRecipe } from '../recipe/common-schema.js'
import type { PlannedStrategy } from './planned-strategies.js'
import type { RecipeFile } from './read-recipe.js'

/** What was decided beside the defaults of a recipe. @internal */
export interface Decisions {
  /** The strategies with all their options. */
  readonly strategies: readonly PlannedStrategy[]
  /** The seeds that were taken. */
  readonly seeds: readonly number[]
  /** The backend that was taken. */
  readonly backend: string
  /** Sections that only this kind of recipe has. */
  readonly [section: string]: unknown
}

/**
 * A recipe with everything that was decided, in YAML: all defaults, the options of every strategy, the seeds and the backend that were taken.
 *
 * @param file The recipe.
 * @param decisions What was decided.
 * @internal
 */
export const resolvedRecipe = ({ recipe, name }: RecipeFile<CommonRecipe>, { strategies, seeds, backend, ...sections }: Decisions): string => {
  const { plugins, source, training } = recipe
  const entries = strategies.map(({ name: title, strategy, entry, settings }) => {
    const { structure, regularisers } = strategy.composition ?? { structure: strategy, regularisers: [] }
    return {
      name: title,
      strategy: entry.strategy,
      options: structure.options,
      ...(regularisers.length === 0 ? {} : { regularisers: regularisers.map(({ name: regulariser, options }) => ({ regulariser, options })) }),
      ...settings,
    }
  })
  return stringify({ name, backend, plugins, source, ...sections, training, strategies: entries, seeds: [...seeds] }, { aliasDuplicateObjects: false })
}

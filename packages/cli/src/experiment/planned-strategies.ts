import type { Regulariser, Strategy } from '@transferkit/tensor'
import { TransferkitError } from '@transferkit/tensor'
import { compose } from '@transferkit/training'
import type { FieldPath, RecipeProblem } from '../recipe/issues.js'
import { type CommonRecipe, strategyName } from '../recipe/common-schema.js'
import type { ParsedRecipe } from '../recipe/parse-recipe.js'
import { settingsOf } from '../recipe/settings-of.js'
import type { StrategyEntry } from '../recipe/strategy-schema.js'
import type { TrainingOverrides, TrainingSettings } from '../recipe/training-schema.js'
import { spellingAdvice } from '../recipe/spelling.js'
import type { Method } from './plugins.js'
import { wrongOption } from './wrong-option.js'

/** A strategy of a recipe, ready to be trained. @internal */
export interface PlannedStrategy {
  /** Name in tables and folders. */
  readonly name: string
  /** The strategy with its options and regularisers. */
  readonly strategy: Strategy
  /** What the recipe says of it. */
  readonly entry: StrategyEntry
  /** Where the recipe says it. */
  readonly path: FieldPath
  /** How it is trained. */
  readonly settings: TrainingSettings
}

/** What is different for one domain of a recipe. @internal */
export interface DomainOverrides {
  /** Where the domain stands in the recipe. */
  readonly path: FieldPath
  /** Training settings that differ from those of all domains. */
  readonly training: TrainingOverrides
  /** Options that differ from those of all domains, by the name of the strategy. */
  readonly strategyOptions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * Makes the strategies that a recipe lists.
 *
 * @param parsed The recipe.
 * @param methods Strategies and regularisers by name.
 * @param domain What is different for the domain that they are made for.
 * @throws TransferkitError `recipe/invalid` with every strategy that there is not and every option that does not fit, in its place.
 * @internal
 */
export const plannedStrategies = ({ recipe, error }: ParsedRecipe<CommonRecipe>, methods: ReadonlyMap<string, Method>, domain?: DomainOverrides): readonly PlannedStrategy[] => {
  const problems: RecipeProblem[] = []

  const make = (kind: Method['kind'], name: string, options: Readonly<Record<string, unknown>>, path: FieldPath, optionsPath: FieldPath = [...path, 'options']): Strategy | Regulariser | undefined => {
    const method = methods.get(name)
    const namePath = [...path, kind === 'structure' ? 'strategy' : 'regulariser']
    if (method === undefined || method.kind !== kind) {
      const right = [...methods.values()].filter((candidate) => candidate.kind === kind).map((candidate) => candidate.name)
      const misplaced = method === undefined ? '' : kind === 'structure' ? ' It is a regulariser: list it under regularisers of a strategy.' : ' It is a strategy of its own.'
      const [noun, nouns] = kind === 'structure' ? ['strategy', 'strategies'] : ['regulariser', 'regularisers']
      problems.push({ path: namePath, message: `there is no ${noun} ${JSON.stringify(name)}.${misplaced}${right.length === 0 ? ` There are no ${nouns}.` : spellingAdvice(name, right, nouns)}` })
      return undefined
    }
    try {
      // Options of a recipe are what anybody wrote; the strategy's own schema checks them here.
      return method(options as never)
    } catch (cause) {
      if (!TransferkitError.isInstance(cause)) throw cause
      const field = wrongOption(method.optionsSchema, options)
      problems.push({ path: [...optionsPath, ...field], atName: field.length > 0, message: cause.message })
      return undefined
    }
  }

  const planned = recipe.strategies.map((entry, index): PlannedStrategy | undefined => {
    const path = ['strategies', index]
    const name = strategyName(entry)
    const own = domain?.strategyOptions[name]
    const structure = make('structure', entry.strategy, { ...entry.options, ...own }, path, domain === undefined || own === undefined ? undefined : [...domain.path, 'strategyOptions', name])
    const regularisers = entry.regularisers.map(({ regulariser, options }, place) => make('regulariser', regulariser, options, [...path, 'regularisers', place]))
    if (structure === undefined || regularisers.includes(undefined)) return undefined
    const names = entry.regularisers.map(({ regulariser }) => regulariser)
    const repeated = names.findIndex((regulariser, place) => names.indexOf(regulariser) !== place)
    if (repeated !== -1) {
      problems.push({ path: [...path, 'regularisers', repeated], message: `the regulariser ${JSON.stringify(names[repeated])} is there twice; each can be added once.` })
      return undefined
    }
    // The kind was checked above, which tells strategies from regularisers.
    const strategy = regularisers.length === 0 ? (structure as Strategy) : compose(structure as Strategy, ...(regularisers as Regulariser[]))
    return { name, entry, path, strategy, settings: settingsOf(recipe.training, entry, domain?.training ?? {}) }
  })
  if (problems.length > 0) throw error(problems)
  return planned.filter((strategy) => strategy !== undefined)
}

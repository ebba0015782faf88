import { z } from 'zod'
import type { FieldPath, RecipeProblem } from './issues.js'
import { sourceSchema } from './source-schema.js'
import { type StrategyEntry, strategySchema } from './strategy-schema.js'
import { settingsOf } from './settings-of.js'
import { type TrainingOverrides, trainingSchema, type TrainingSettings } from './training-schema.js'

const seed = z.int().min(0)

/** Fields that all recipes have. @internal */
export const commonFields = {
  name: z.string().min(1).max(80).optional(),
  backend: z.string().min(1).optional(),
  plugins: z.array(z.string().min(1)).default([]),
  source: sourceSchema,
  training: trainingSchema,
  strategies: z.array(strategySchema).min(1),
  seeds: z.array(seed).min(1).default([1, 2, 3]),
}

/** What all recipes say: a source network, strategies, a training budget and seeds. */
export type CommonRecipe = z.infer<z.ZodObject<typeof commonFields>>

/**
 * The name under which a strategy of a recipe stands in tables and folders.
 *
 * @param entry The entry of the recipe.
 * @internal
 */
export const strategyName = (entry: StrategyEntry): string => entry.name ?? [entry.strategy, ...entry.regularisers.map(({ regulariser }) => regulariser)].join('+')

/**
 * A name as the name of a folder, on every file system.
 *
 * @param name Name of a strategy, a domain or a run.
 * @internal
 */
export const folderName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.+=]+/gu, '-')
    .replace(/^-|[-.]+$/g, '')

/**
 * Problems of names that would be the same folder.
 *
 * @param names The names.
 * @param list The list in the recipe that they stand in.
 * @internal
 */
export const repeatedNames = (names: readonly string[], list: string): readonly RecipeProblem[] =>
  names.flatMap((name, index): readonly RecipeProblem[] =>
    names.findIndex((other) => folderName(other) === folderName(name)) === index ? [] : [{ path: [list, index], message: `the name ${JSON.stringify(name)} is used twice; give this one a name of its own with name.` }],
  )

/**
 * What is wrong with settings that change others, and with what comes of them.
 *
 * @param overrides The changes.
 * @param settings What comes of them.
 * @param path Where the changes stand.
 * @internal
 */
export const overrideProblems = (overrides: TrainingOverrides, settings: TrainingSettings, path: FieldPath): readonly RecipeProblem[] =>
  overrides.steps === undefined || overrides.epochs === undefined ? settingsProblems(settings, path) : [{ path: [...path, 'epochs'], message: 'say how long to train with either steps or epochs.' }]

/** What is wrong with complete training settings. */
const settingsProblems = ({ schedule, milestones = [], epochs, optimiser, momentum, nesterov }: TrainingSettings, path: FieldPath): readonly RecipeProblem[] => {
  const inEpochs = milestones.filter((milestone) => milestone >= 1)
  const problem = (field: string, message: string): readonly RecipeProblem[] => [{ path: [...path, field], message }]
  return [
    ...(schedule === 'step' && milestones.length === 0 ? problem('schedule', 'a step schedule needs milestones: when the rate falls, as shares of the training such as [0.5, 0.75], or as epochs such as [30, 45].') : []),
    ...(milestones.some((milestone, index) => milestone <= (milestones[index - 1] ?? 0)) ? problem('milestones', 'each milestone comes after the one before it.') : []),
    ...(inEpochs.length > 0 && inEpochs.length < milestones.length ? problem('milestones', 'milestones are either shares of the training, below 1, or whole epochs, not both.') : []),
    ...(schedule === 'step' && inEpochs.some((milestone) => epochs === undefined || milestone >= epochs || !Number.isInteger(milestone))
      ? problem('milestones', epochs === undefined ? 'milestones in epochs need a budget in epochs; write shares of the training, below 1.' : `milestones in epochs are whole and below the ${epochs} epochs of the training.`)
      : []),
    ...(nesterov && (optimiser !== 'sgd' || momentum === 0) ? problem('nesterov', 'looking ahead needs the optimiser sgd and a momentum above 0.') : []),
  ]
}

/**
 * What is wrong with a recipe beyond its single fields.
 *
 * @param recipe The recipe.
 * @internal
 */
export const commonProblems = ({ training, strategies, seeds, source }: CommonRecipe): readonly RecipeProblem[] => {
  const ofTraining = settingsProblems(training, ['training'])
  return [
    ...repeatedNames(strategies.map(strategyName), 'strategies'),
    ...ofTraining,
    ...(source.pretrain === undefined ? [] : settingsProblems(source.pretrain, ['source', 'pretrain'])),
    // What is wrong with the recipe's own settings is not told again for each strategy.
    ...(ofTraining.length > 0 ? [] : strategies.flatMap((entry, index) => overrideProblems(entry, settingsOf(training, entry), ['strategies', index]))),
    ...seeds.flatMap((value, index): readonly RecipeProblem[] => (seeds.indexOf(value) === index ? [] : [{ path: ['seeds', index], message: `the seed ${value} is there twice.` }])),
  ]
}

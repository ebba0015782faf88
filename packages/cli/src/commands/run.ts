import { TransferkitError } from '@transferkit/tensor'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { compareStrategies } from '../experiment/compare-strategies.js'
import type { PlannedStrategy } from '../experiment/planned-strategies.js'
import { readRecipe } from '../experiment/read-recipe.js'
import { runExperiment } from '../experiment/run-experiment.js'
import { artefactPath } from '../experiment/run-layout.js'
import { withPrecision } from '../experiment/with-precision.js'
import { comparison } from '../recipe/comparison.js'
import { spellingAdvice } from '../recipe/spelling.js'
import { decimal, grouped } from '../report/format.js'
import type { RunArguments } from './arguments.js'

/**
 * The strategy of a recipe that a command is about.
 *
 * @param planned All strategies of the recipe.
 * @param name Its name; not needed where there is one only.
 * @throws TransferkitError `usage/several-strategies` and `usage/unknown-strategy`.
 * @internal
 */
export const chooseStrategy = (planned: readonly PlannedStrategy[], name: string | undefined): readonly PlannedStrategy[] => {
  const names = planned.map((strategy) => strategy.name)
  if (name === undefined) {
    if (planned.length === 1) return planned
    throw new TransferkitError('usage/several-strategies', `The recipe has several strategies; choose one with --strategy: ${names.join(', ')}. "transferkit compare" runs them all.`)
  }
  const chosen = planned.filter((strategy) => strategy.name === name)
  if (chosen.length === 0) throw new TransferkitError('usage/unknown-strategy', `The recipe has no strategy ${JSON.stringify(name)}.${spellingAdvice(name, names, 'strategies')}`)
  return chosen
}

/** Trains and tests one strategy of a recipe with one seed. @internal */
export const runCommand = async (recipe: string, options: RunArguments, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const file = withPrecision(await readRecipe(recipe, io.workingFolder, comparison), options.precision)
  const seed = options.seed ?? file.recipe.seeds[0] ?? 1
  const { results, out, report } = await runExperiment(compareStrategies(file, { strategies: (planned) => chooseStrategy(planned, options.strategy), seeds: [seed], withBaseline: false }), options, context)
  const [row] = results.rows
  if (row === undefined) return
  const artefact = artefactPath(out, row)
  if (json) writeJson(context, { ...row, artefact, report })
  else io.stdout.write(`${row.name}, seed ${seed}: ${decimal(100 * row.accuracy)} % of ${grouped(row.testExamples)} test examples right, ${grouped(row.privateParameters)} private parameters.\nArtefact: ${artefact}\n`)
}

import { type CommandContext, writeJson } from '../console/command-context.js'
import { compareStrategies } from '../experiment/compare-strategies.js'
import { readRecipe } from '../experiment/read-recipe.js'
import { runExperiment } from '../experiment/run-experiment.js'
import { withPrecision } from '../experiment/with-precision.js'
import { comparison } from '../recipe/comparison.js'
import { resultTable } from '../report/result-table.js'
import { summariseResults } from '../report/summary.js'
import type { CompareArguments } from './arguments.js'

/** Trains and tests every strategy of a recipe with every seed. @internal */
export const compareCommand = async (recipe: string, options: CompareArguments, context: CommandContext): Promise<void> => {
  const { io, json, progress } = context
  const file = withPrecision(await readRecipe(recipe, io.workingFolder, comparison), options.precision)
  const experiment = compareStrategies(file, { strategies: (planned) => planned, seeds: options.seeds ?? file.recipe.seeds })
  const { results, report } = await runExperiment(experiment, options, context)
  const summary = summariseResults(results.rows)
  if (json) writeJson(context, { ...results, summary: { headline: summary.headline, remarks: summary.remarks }, report })
  else io.stdout.write(`\n${resultTable(summary)}`)
  progress.note(`\nReport: ${report}`)
}

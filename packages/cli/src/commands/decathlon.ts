import { type CommandContext, writeJson } from '../console/command-context.js'
import { benchmarkDomains } from '../experiment/benchmark-domains.js'
import { readRecipe } from '../experiment/read-recipe.js'
import { runExperiment } from '../experiment/run-experiment.js'
import { withPrecision } from '../experiment/with-precision.js'
import { decathlon } from '../recipe/decathlon.js'
import { summariseDecathlon } from '../report/decathlon-summary.js'
import { decathlonTables } from '../report/decathlon-table.js'
import type { CompareArguments } from './arguments.js'

/** Trains and tests every strategy of a recipe on every domain with every seed. @internal */
export const decathlonCommand = async (recipe: string, options: CompareArguments, context: CommandContext): Promise<void> => {
  const { io, json, progress } = context
  const file = withPrecision(await readRecipe(recipe, io.workingFolder, decathlon), options.precision)
  const experiment = benchmarkDomains(file, options.seeds ?? file.recipe.seeds)
  const { results, report } = await runExperiment(experiment, options, context)
  const summary = summariseDecathlon(results)
  if (json) writeJson(context, { ...results, summary, report })
  else io.stdout.write(`\n${decathlonTables(summary)}`)
  progress.note(`\nReport: ${report}`)
}

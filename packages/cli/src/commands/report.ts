import { resolve } from 'node:path'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { readResults } from '../experiment/read-run.js'
import { writeReport } from '../experiment/write-report.js'
import { resultTable } from '../report/result-table.js'
import { summariseResults } from '../report/summary.js'

/** Writes the report of a run folder again. @internal */
export const reportCommand = async (folder: string, context: CommandContext): Promise<void> => {
  const out = resolve(context.io.workingFolder, folder)
  const results = await readResults(out)
  const path = await writeReport(out)
  if (context.json) writeJson(context, results)
  else context.io.stdout.write(resultTable(summariseResults(results.rows)))
  context.progress.note(`Report: ${path}`)
}

import { resolve } from 'node:path'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { readResults, type RunResults } from '../experiment/read-run.js'
import { writeReport } from '../experiment/write-report.js'
import { summariseDecathlon } from '../report/decathlon-summary.js'
import { decathlonTables } from '../report/decathlon-table.js'
import { resultTable } from '../report/result-table.js'
import { summariseResults } from '../report/summary.js'

const tables = ({ kind, results }: RunResults): string => (kind === 'decathlon' ? decathlonTables(summariseDecathlon(results)) : resultTable(summariseResults(results.rows)))

/** Writes the report of a run folder again. @internal */
export const reportCommand = async (folder: string, context: CommandContext): Promise<void> => {
  const out = resolve(context.io.workingFolder, folder)
  const run = await readResults(out)
  const path = await writeReport(out)
  if (context.json) writeJson(context, run.results)
  else context.io.stdout.write(tables(run))
  context.progress.note(`Report: ${path}`)
}

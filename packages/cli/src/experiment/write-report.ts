import { join } from 'node:path'
import { writeAtomically } from '@transferkit/training/node'
import { renderReport } from '../report/report.js'
import { readReportContents } from './read-run.js'
import { runFiles } from './run-layout.js'

/**
 * Writes the report of a run folder from what is in it.
 *
 * @param out The run folder.
 * @returns Path of the report.
 * @internal
 */
export const writeReport = async (out: string): Promise<string> => {
  const path = join(out, runFiles.report)
  await writeAtomically(path, await renderReport(await readReportContents(out)))
  return path
}

import { join } from 'node:path'
import { writeAtomically } from '@transferkit/training/node'
import { renderDecathlonReport } from '../report/decathlon-report.js'
import { renderReport } from '../report/report.js'
import { readRecords, readResults, type RunResults } from './read-run.js'
import { runFiles } from './run-layout.js'

const rendered = async (out: string, { kind, results }: RunResults): Promise<string> => {
  switch (kind) {
    case 'comparison':
      return renderReport({ results, ...(await readRecords(out, results.rows.map(({ name, seed }) => ({ name, seed })))) })
    case 'decathlon':
      return renderDecathlonReport({ results, ...(await readRecords(out, results.rows.map(({ domain, name, seed }) => ({ domain, name, seed })))) })
  }
}

/**
 * Writes the report of a run folder from what is in it.
 *
 * @param out The run folder.
 * @returns Path of the report.
 * @internal
 */
export const writeReport = async (out: string): Promise<string> => {
  const path = join(out, runFiles.report)
  await writeAtomically(path, await rendered(out, await readResults(out)))
  return path
}

import { join } from 'node:path'
import { writeAtomically } from '@transferkit/training/node'
import { renderDecathlonReport } from '../report/decathlon-report.js'
import { renderReport } from '../report/report.js'
import type { RunRecords } from '../report/report-contents.js'
import { withWords } from '../report/sentence.js'
import { recordedWords } from './recorded-words.js'
import { readRecords, readResults, type RunResults } from './read-run.js'
import { runFiles } from './run-layout.js'

const withRecordedWords = async (out: string, records: RunRecords): Promise<RunRecords> => ({ ...records, inspections: withWords(records.inspections, await recordedWords(out, records.inspections)) })

const rendered = async (out: string, { kind, results }: RunResults): Promise<string> => {
  switch (kind) {
    case 'comparison':
      return renderReport({ results, ...(await withRecordedWords(out, await readRecords(out, results.rows.map(({ name, seed }) => ({ name, seed }))))) })
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

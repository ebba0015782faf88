import { readTransferConfig } from '@transferkit/training'
import { readArtefact } from '@transferkit/training/node'
import type { InspectionHistory, RecordedTraining } from '../report/report-contents.js'
import type { WordsOf } from '../report/sentence.js'
import { artefactPath, trialName } from './run-layout.js'
import { readTextRecord } from './text-record.js'

const tokensOf = async (out: string, training: RecordedTraining): Promise<readonly string[] | undefined> => {
  const artefact = await readArtefact(artefactPath(out, training)).catch(() => undefined)
  return artefact === undefined ? undefined : readTextRecord(readTransferConfig(artefact.config).record)?.vocabulary.tokens
}

/**
 * The words of the trainings of a run that looked at sentences, from their artefacts.
 *
 * @param out The run folder.
 * @param inspections What was recorded.
 * @internal
 */
export const recordedWords = async (out: string, inspections: readonly InspectionHistory[]): Promise<WordsOf> => {
  const trainings = new Map(inspections.flatMap((history): [string, RecordedTraining][] => (history.example === undefined ? [] : [[trialName(history), history]])))
  const tokens = new Map<string, readonly string[] | undefined>()
  for (const [name, training] of trainings) tokens.set(name, await tokensOf(out, training))
  return (training) => {
    const words = tokens.get(trialName(training))
    return words === undefined ? undefined : (id) => words[id] ?? '<unknown>'
  }
}

import type { TrainingEvent } from '../loop/events.js'
import { type Run, runOf } from '../loop/run.js'
import { transfer, type TransferOptions, type TransferResult } from '../loop/transfer.js'
import type { TrialFolder } from './trial-folder.js'

async function* recorded(folder: TrialFolder, options: TransferOptions): AsyncGenerator<TrainingEvent, TransferResult> {
  const resumeFrom = await folder.resume()
  const run = transfer({ ...options, ...(resumeFrom === undefined ? {} : { resumeFrom }), saveCheckpoint: (bytes, step) => folder.saveCheckpoint(bytes, step) })
  try {
    for await (const event of run) {
      // A resumed training has begun in the record already.
      if (event.type !== 'training-start' || event.step === 0) await folder.record(event)
      yield event
    }
    const result = await run
    await folder.saveArtefact(await result.artefact())
    return result
  } finally {
    await folder.close()
  }
}

/**
 * A transfer that is recorded in a folder: events, curves, checkpoints, and in the end the artefact. It goes on where an earlier one in the same folder was
 * stopped or killed, and gives the same numbers as one that was not.
 *
 * @param folder The folder of the training, of an open run folder.
 * @param options As for `transfer`; `saveCheckpoint` and `resumeFrom` are taken care of.
 * @throws TransferkitError Whatever `transfer` throws; `file/disk-full` or `file/cannot-write` when the folder cannot be written.
 *
 * @example
 * ```ts
 * import type { TransferOptions } from '@transferkit/training'
 * import { openRunFolder, transferInFolder } from '@transferkit/training/node'
 *
 * const run = async (options: TransferOptions) => {
 *   const folder = await openRunFolder('runs/digits')
 *   const trial = folder.trial('fine-tune/seed-1')
 *   const result = await transferInFolder(trial, { ...options, checkpointEvery: 50 })
 *   await trial.finish({ seconds: result.seconds })
 *   await folder.close()
 * }
 * ```
 */
export const transferInFolder = (folder: TrialFolder, options: Omit<TransferOptions, 'saveCheckpoint' | 'resumeFrom'>): Run<TrainingEvent, TransferResult> => runOf(() => recorded(folder, options))

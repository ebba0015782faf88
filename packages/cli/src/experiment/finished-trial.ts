import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TrialFolder, writeAtomically } from '@transferkit/training/node'
import { z } from 'zod'
import { resultRowSchema } from '../report/results.js'
import type { TrialResult } from './experiment.js'

const finishedSchema = z.object({ identity: z.string(), row: resultRowSchema, headParameters: z.int().nonnegative() })

/**
 * The result of a trial that was finished before under the same settings. What cannot be read is made again.
 *
 * @param folder The folder of the trial.
 * @param identity What decides the numbers of the trial.
 * @internal
 */
export const finishedBefore = async (folder: TrialFolder, identity: string): Promise<TrialResult | undefined> => {
  const finished = finishedSchema.safeParse(await folder.result().catch(() => undefined))
  return finished.success && finished.data.identity === identity ? finished.data : undefined
}

/**
 * Empties the folder of a trial that was begun under other settings: nothing in it can be gone on with.
 *
 * @param folder The folder of the trial.
 * @param identity What decides the numbers of the trial.
 * @internal
 */
export const claimFolder = async ({ path }: TrialFolder, identity: string): Promise<void> => {
  const file = join(path, 'identity.txt')
  const before = await readFile(file, 'utf8').catch(() => undefined)
  if (before === identity) return
  await rm(path, { recursive: true, force: true })
  await writeAtomically(file, identity)
}

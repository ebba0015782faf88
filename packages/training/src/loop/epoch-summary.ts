import type { Inspection } from '@transferkit/tensor'
import type { Evaluation } from '../metrics/evaluate.js'
import type { Progress } from './checkpoint.js'
import type { EpochSummary } from './events.js'

/** How far a training is before its first step. @internal */
export const fresh: Progress = { step: 0, seconds: 0, epoch: { loss: 0, accuracy: 0, count: 0 }, best: { accuracy: -1, age: 0 }, history: [] }

/** What is looked at when an epoch is done. @internal */
export interface EpochLooks {
  readonly validate: (() => Promise<Evaluation>) | undefined
  readonly inspect: (() => Promise<readonly Inspection[]>) | undefined
}

/** Numbers of an epoch from the sums over its batches, with validation and inspection where they are asked for. @internal */
export const summariseEpoch = async ({ epoch: sums, step }: Progress, epoch: number, { validate, inspect }: EpochLooks): Promise<EpochSummary> => {
  const evaluation = await validate?.()
  return {
    epoch,
    step,
    trainingLoss: sums.loss / sums.count,
    trainingAccuracy: sums.accuracy / sums.count,
    ...(evaluation === undefined ? {} : { validationAccuracy: evaluation.accuracy, validationLoss: evaluation.loss }),
    inspections: (await inspect?.()) ?? [],
  }
}

/** Progress with the numbers of a batch. @internal */
export const withBatch = (progress: Progress, loss: number, accuracy: number): Progress => {
  const { epoch } = progress
  return { ...progress, epoch: { loss: epoch.loss + loss, accuracy: epoch.accuracy + accuracy, count: epoch.count + 1 } }
}

/** Progress with a finished epoch. @internal */
export const withEpoch = (progress: Progress, summary: EpochSummary): Progress => {
  const { validationAccuracy = -1 } = summary
  const isBetter = validationAccuracy > progress.best.accuracy
  return {
    ...progress,
    epoch: fresh.epoch,
    best: isBetter ? { accuracy: validationAccuracy, age: 0 } : { ...progress.best, age: progress.best.age + 1 },
    history: [...progress.history, summary],
  }
}

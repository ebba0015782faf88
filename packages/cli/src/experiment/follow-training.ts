import type { Run, TrainingEvent } from '@transferkit/training'
import type { Progress, ProgressTask } from '../console/progress.js'
import { decimal } from '../report/format.js'

/**
 * Runs a training to its end and shows how far it is.
 *
 * @param run The training.
 * @param label What is trained.
 * @param progress Where to show it.
 * @param onEvent Told of every event, in order, before the next one.
 * @returns The result of the training.
 * @internal
 */
export const followTraining = async <Result>(run: Run<TrainingEvent, Result>, label: string, progress: Progress, onEvent?: (event: TrainingEvent) => Promise<void>): Promise<Result> => {
  let task: ProgressTask | undefined
  try {
    for await (const event of run) {
      if (event.type === 'training-start') task = await progress.begin(label, event.totalSteps)
      if (event.type === 'step-end') task?.update(event.step, `loss ${decimal(event.loss, 3)}, ${Math.round(event.examplesPerSecond)} images/s`)
      await onEvent?.(event)
    }
  } finally {
    task?.end()
  }
  return run
}

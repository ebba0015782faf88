import type { Run, TrainingEvent } from '@transferkit/training'
import type { Progress, ProgressTask } from '../console/progress.js'
import { counted, decimal, grouped } from '../report/format.js'

const origins = { computed: 'computed once', memory: 'taken from memory', disk: 'taken from the disk' } as const

/** What is worth a line of its own. */
const lineOf = (event: TrainingEvent): string | undefined => {
  switch (event.type) {
    case 'phase-start':
      return `phase ${event.name} from step ${event.step + 1} on, ${grouped(event.trainedParameters)} trained parameters`
    case 'features-cached':
      return [`features of ${counted(event.examples, 'example')} ${origins[event.from]} in ${decimal(event.seconds)} s (${decimal(event.bytes / 1e6)} MB): ${event.prefix}.`, ...event.notes].join(' ')
    default:
      return undefined
  }
}

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
      const line = lineOf(event)
      if (line !== undefined) progress.note(`${label}: ${line}`)
      if (event.type === 'step-end') task?.update(event.step, `loss ${decimal(event.loss, 3)}, ${Math.round(event.examplesPerSecond)} examples/s`)
      await onEvent?.(event)
    }
  } finally {
    task?.end()
  }
  return run
}

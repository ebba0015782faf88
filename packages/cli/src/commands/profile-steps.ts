import { type Observation, observeOperations } from '@transferkit/runtime/node'
import { type Compile, scalar, type StepInputs, type StepOutputs } from '@transferkit/tensor'

/** What was seen of the training step of one phase. @internal */
export interface ProfiledStep {
  /** A step that ran op by op. */
  readonly observation: Pick<Observation<unknown>, 'operations' | 'milliseconds'>
  /** Milliseconds of steps that were replayed as one operation; none where the phase was too short. */
  readonly replayed: readonly number[]
}

/** Steps of a phase that are measured: two op by op, of which the first warms up, one that is recorded, and replays of it. */
const opByOp = 2
const firstReplay = opByOp + 1
const measured = firstReplay + 5

/** A step that leaves everything as it is. */
const unchanged = ({ training }: StepInputs): StepOutputs => ({ training, metrics: { loss: scalar(0), accuracy: scalar(0) } })

/** The `compile` of a training that is only looked at, and what was seen. @internal */
export interface StepProfiler {
  /** Measures the first steps of each phase; all others change nothing, so that the next phase comes soon. */
  readonly compile: Compile
  /** What was seen so far, by phase. */
  readonly phases: () => readonly ProfiledStep[]
  /** Whether so many phases were seen with all that there is to see. */
  readonly hasSeen: (phases: number) => boolean
}

/**
 * Makes a profiler of training steps.
 *
 * @param compile The compiler of the runtime.
 * @internal
 */
export const stepProfiler = (compile: Compile): StepProfiler => {
  const phases: { readonly replayed: number[]; observation?: ProfiledStep['observation']; done: number }[] = []
  return {
    compile: (f, options) => {
      const fast = compile(f, options)
      const phase: (typeof phases)[number] = { replayed: [], done: 0 }
      phases.push(phase)
      return (input) => {
        const index = phase.done++
        if (index < opByOp) {
          const { result, ...seen } = observeOperations(() => f(input))
          phase.observation = seen
          return result
        }
        // What a training compiles is its step.
        if (index >= measured) return unchanged(input as unknown as StepInputs) as unknown as ReturnType<typeof f>
        const start = performance.now()
        const result = fast(input)
        if (index >= firstReplay) phase.replayed.push(performance.now() - start)
        return result
      }
    },
    phases: () => phases.flatMap(({ observation, replayed }) => (observation === undefined ? [] : [{ observation, replayed }])),
    hasSeen: (count) => phases.length >= count && (phases[count - 1]?.done ?? 0) >= measured,
  }
}

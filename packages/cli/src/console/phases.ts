import type { Progress, ProgressTask } from './progress.js'

/** How far one phase of some work is. @internal */
export interface Phase {
  /** What is being done. */
  readonly label: string
  /** How much of it is done. */
  readonly completed: number
  /** When `completed` reaches this, it is done; 0 where that is not known. */
  readonly total: number
}

/** Shows the phases of some work, a bar each. @internal */
export interface PhaseProgress {
  /**
   * Shows how far the work is; a phase with another label ends the one before.
   *
   * @param phase The phase.
   */
  show(phase: Phase): void
  /** Ends the last phase. */
  end(): Promise<void>
}

/**
 * Shows work that is done in phases one after the other.
 *
 * @param progress Where to show it.
 * @internal
 */
export const phaseProgress = (progress: Progress): PhaseProgress => {
  let current: { readonly label: string; readonly task: Promise<ProgressTask> } | undefined
  const end = async (): Promise<void> => {
    const ended = current
    current = undefined
    ;(await ended?.task)?.end()
  }
  return {
    end,
    show: ({ label, completed, total }) => {
      if (current?.label !== label) {
        void end()
        current = { label, task: progress.begin(label, Math.max(total, 1)) }
      }
      void current.task.then((task) => task.update(completed))
    },
  }
}

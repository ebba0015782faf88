import { type KernelTimes, kernelTimes } from '@transferkit/runtime/node'
import type { ProfiledStep } from './profile-steps.js'

/** Where the time of a step goes. @internal */
export interface StepSummary {
  /** Milliseconds of the step op by op. */
  readonly milliseconds: number
  /** Number of operations. */
  readonly operations: number
  /** Share of the time outside native code, from 0 to 1. */
  readonly outsideShare: number
  /** Shortest time of the step replayed as one operation, in milliseconds; absent where it was not. */
  readonly replayedMilliseconds?: number
  /** The kernels, the slowest first. */
  readonly kernels: readonly KernelTimes[]
}

/**
 * Sums what was seen of a step by kernel.
 *
 * @param step What was seen.
 * @param byShape Whether calls with results of other shapes are told apart.
 * @internal
 */
export const summariseStep = ({ observation, replayed }: ProfiledStep, byShape: boolean): StepSummary => {
  const kernels = kernelTimes(observation, byShape)
  return {
    milliseconds: observation.milliseconds,
    operations: observation.operations.length,
    outsideShare: 1 - kernels.reduce((sum, { share }) => sum + share, 0),
    ...(replayed.length === 0 ? {} : { replayedMilliseconds: Math.min(...replayed) }),
    kernels,
  }
}

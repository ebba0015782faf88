import type { ObservedOperation } from '@transferkit/runtime/node'
import type { ProfiledStep } from './profile-steps.js'

/** The calls of one kernel in a step, on results of one shape or of all. @internal */
export interface KernelSummary {
  /** Name of the operation. */
  readonly operation: string
  /** Shape of its first result, where shapes are told apart. */
  readonly shape?: readonly number[]
  /** Number of calls. */
  readonly calls: number
  /** Time of all calls, in milliseconds. */
  readonly milliseconds: number
  /** The same as a share of the step, from 0 to 1. */
  readonly share: number
  /** How much of the share was spent on operations that had run before in the step on the same values. */
  readonly repeatedShare: number
}

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
  readonly kernels: readonly KernelSummary[]
}

const total = (operations: readonly ObservedOperation[]): number => operations.reduce((sum, { milliseconds }) => sum + milliseconds, 0)

/**
 * Sums what was seen of a step by kernel.
 *
 * @param step What was seen.
 * @param byShape Whether calls with results of other shapes are told apart.
 * @internal
 */
export const summariseStep = ({ observation: { operations, milliseconds }, replayed }: ProfiledStep, byShape: boolean): StepSummary => {
  const groups = new Map<string, ObservedOperation[]>()
  for (const operation of operations) {
    const key = byShape ? `${operation.name} ${String(operation.outputShapes[0])}` : operation.name
    groups.set(key, [...(groups.get(key) ?? []), operation])
  }
  const kernels = [...groups.values()].map((calls): KernelSummary => {
    const [first] = calls
    const shape = first?.outputShapes[0]
    const ofCalls = total(calls)
    return {
      operation: first?.name ?? '',
      ...(byShape && shape !== undefined ? { shape } : {}),
      calls: calls.length,
      milliseconds: ofCalls,
      share: ofCalls / milliseconds,
      repeatedShare: total(calls.filter(({ repeated }) => repeated)) / milliseconds,
    }
  })
  return {
    milliseconds,
    operations: operations.length,
    outsideShare: 1 - total(operations) / milliseconds,
    ...(replayed.length === 0 ? {} : { replayedMilliseconds: Math.min(...replayed) }),
    kernels: kernels.sort((left, right) => right.milliseconds - left.milliseconds),
  }
}

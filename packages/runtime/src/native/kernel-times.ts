import type { Shape } from '@transferkit/tensor'
import type { Observation, ObservedOperation } from './observe-operations.js'

/** The calls of one kernel, on results of one shape or of all. */
export interface KernelTimes {
  /** Name of the operation. */
  readonly operation: string
  /** Shape of its first result, where shapes are told apart. */
  readonly shape?: Shape
  /** Number of calls. */
  readonly calls: number
  /** Time of all calls, in milliseconds. */
  readonly milliseconds: number
  /** The same as a share of the whole observation, from 0 to 1. */
  readonly share: number
  /** How much of the share was spent on operations that had run before on the same values. */
  readonly repeatedShare: number
}

const total = (operations: readonly ObservedOperation[]): number => operations.reduce((sum, { milliseconds }) => sum + milliseconds, 0)

/**
 * Sums what was observed by kernel, the slowest first. The shares sum to that of native code; the rest of the time was spent outside it.
 *
 * @param observation What `observeOperations` saw.
 * @param byShape Whether calls with results of other shapes are told apart.
 *
 * @example
 * ```ts no-run
 * import { kernelTimes, observeOperations, openRuntime } from '@transferkit/runtime/node'
 * import { matMul, ones } from '@transferkit/tensor'
 *
 * await openRuntime({ backend: 'native' })
 * const observation = observeOperations(() => matMul(ones([64, 32]), ones([32, 16])))
 * console.table(kernelTimes(observation, true))
 * ```
 */
export const kernelTimes = ({ operations, milliseconds }: Pick<Observation<unknown>, 'operations' | 'milliseconds'>, byShape: boolean): readonly KernelTimes[] => {
  const groups = new Map<string, ObservedOperation[]>()
  for (const operation of operations) {
    const key = byShape ? `${operation.name} ${String(operation.outputShapes[0])}` : operation.name
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [operation])
    else group.push(operation)
  }
  const times = [...groups.values()].map((calls): KernelTimes => {
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
  return times.sort((left, right) => right.milliseconds - left.milliseconds)
}

import { add, branchAt, cast, equal, greaterOrEqual, logicalAnd, max, multiply, scalar, type Tensor, type TensorTree, zeros } from '@transferkit/tensor'
import { vectorOf } from './vector-of.js'
import type { PairWeights } from './weighted-matching.js'

// Leaves stand there.
const leaf = (pruning: TensorTree, name: 'steps' | 'idle' | 'droppedAt'): Tensor => branchAt(pruning, name) as Tensor

/**
 * State of the rule that drops pairs whose `λ` stays zero: `steps` done, `idle [pair]`, the number of steps in a row in which `λ` was 0 for every example, and
 * `droppedAt [pair]`, the step in which a pair was dropped, 0 for none.
 *
 * The rule lives in tensors, so that a compiled step can follow it: a dropped pair is still computed, with a factor of 0.
 *
 * @internal
 */
export const initPruning = (pairs: number): TensorTree => ({ steps: scalar(0), idle: zeros([pairs]), droppedAt: zeros([pairs]) })

/** Factors on `λ`: 1, or 0 for a dropped pair. @internal */
export const keptPairs = (pruning: TensorTree): Tensor => cast(equal(leaf(pruning, 'droppedAt'), 0), 'float32')

/** The step in which each pair was dropped, 0 for none. @internal */
export const droppedAt = (pruning: TensorTree): Tensor => leaf(pruning, 'droppedAt')

/** The state after a step in which the pairs had these weights. @internal */
export const pruned = (pruning: TensorTree, weights: readonly PairWeights[], window: number): TensorTree => {
  const [steps, before] = [add(leaf(pruning, 'steps'), 1), droppedAt(pruning)]
  const isZero = cast(equal(vectorOf(weights.map(({ where }) => max(where))), 0), 'float32')
  const idle = multiply(add(leaf(pruning, 'idle'), 1), isZero)
  const drops = cast(logicalAnd(greaterOrEqual(idle, window), equal(before, 0)), 'float32')
  return { steps, idle, droppedAt: add(before, multiply(drops, steps)) }
}

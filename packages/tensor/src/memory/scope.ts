import { engine } from '@tensorflow/tfjs-core'
import { isRecording, neededSince, recordedSoFar } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { isTensor, upstream } from '../tensor/upstream.js'
import type { AnyTensor } from '../tensor/tensor.js'
import { type AnyTensorTree, leavesOf, type Tree } from '../tree/tree.js'

/**
 * Frees all tensors of a tree. A tensor that was freed before is passed over.
 *
 * @param tree Tensors that nobody needs any more.
 *
 * @example
 * ```ts
 * import { release, tensor } from '@transferkit/tensor'
 *
 * release({ bias: tensor([0], [1]) })
 * ```
 */
export const release = (tree: AnyTensorTree): void => {
  for (const leaf of leavesOf<AnyTensor>(tree)) if (!upstream(leaf).isDisposed) upstream(leaf).dispose()
}

/** What a scope may free besides what was made inside it. */
export interface ScopeOptions {
  /**
   * Trees that the caller gives away, such as the parameters that a training step replaces. Their tensors are freed when the scope ends,
   * except those that are part of its result.
   */
  readonly donate?: AnyTensorTree
}

/**
 * The one memory rule: what is made inside a scope and is not part of its result is freed when the scope ends.
 *
 * A training step runs in a scope that is given the old state and returns the new one; no other place frees a tensor. While something is being
 * differentiated, a scope inside also keeps what the backward pass needs, or may need; the outer scope frees it. What a frozen network computes in a scope of its
 * own is freed like anywhere else.
 *
 * @param f A synchronous function; its result is a tensor, or plain objects and lists that hold tensors, to any depth.
 * @param options What else to free.
 * @returns The result of `f`; its tensors belong to the scope around this one, or to the caller.
 * @throws TransferkitError `scope/promise` when `f` returns a promise: a scope cannot wait.
 *
 * @example
 * ```ts
 * import { multiply, scope, sum, tensor } from '@transferkit/tensor'
 *
 * const total = scope(() => sum(multiply(tensor([1, 2], [2]), 3)))
 * ```
 */
export const scope = <T>(f: () => T, options: ScopeOptions = {}): T => {
  const recordedBefore = recordedSoFar()
  engine().startScope('scope')
  let result: T | undefined
  try {
    result = f()
    if (result instanceof Promise) throw new TransferkitError('scope/promise', 'A scope cannot wait: give it a function that returns its result, not a promise.')
  } finally {
    // Found here and not by upstream, which would read every property of every object, getters of foreign classes included.
    const found = tensorsIn(result).map(upstream)
    const needed = neededSince(recordedBefore)?.map(upstream)
    // What a backward pass needs, or may need, belongs to the scope around this one.
    engine().endScope(needed === undefined ? [...engine().state.activeScope.track] : [...found, ...needed])
  }
  if (options.donate !== undefined && !isRecording()) {
    const kept = new Set<number>(tensorsIn(result).map(({ id }) => id))
    for (const leaf of leavesOf<AnyTensor>(options.donate)) if (!kept.has(leaf.id)) release(leaf)
  }
  return result
}

/** Tensors anywhere in a value. @internal */
export const tensorsIn = (value: unknown): readonly AnyTensor[] =>
  // A value of any kind is a tree with leaves of any kind; only the tensors among them matter.
  leavesOf(value as Tree<AnyTensor>).filter(isTensor)

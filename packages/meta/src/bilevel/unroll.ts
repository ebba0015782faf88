import { type Scalar, scope, type TensorTree, valueAndGradWithAuxiliary } from '@transferkit/tensor'
import type { BilevelProblem, Iterate } from './bilevel-problem.js'

/** One inner step as it was run. */
export interface UnrolledStep {
  /** Name of its objective. */
  readonly name: string
  /** `L_k(θ_k, φ)`. */
  readonly value: Scalar
  /** What the objective kept of the pass. */
  readonly auxiliary: TensorTree
  /** `θ_k` and `v_k`, in front of the step; for an affine update the memory is that of the start. */
  readonly before: Iterate
  /** `g_k`; for an affine update the parameters stand in, because its derivative is the same everywhere. */
  readonly gradients: TensorTree
}

/** An inner optimisation that was run. */
export interface Unrolled {
  /** The inner steps, in order. */
  readonly steps: readonly UnrolledStep[]
  /** `θ_n` and `v_n`. */
  readonly last: Iterate
}

/**
 * Runs the inner steps of a bilevel problem and keeps what its meta-gradient needs.
 *
 * Nothing is changed: rolling back is using `start` again.
 *
 * @param problem The problem.
 * @param start `θ_0` and `v_0`.
 * @param meta `φ`.
 * @returns The steps and where they end; trees of tensors that belong to the caller.
 * @throws TransferkitError `gradient/not-a-scalar` when an inner objective gives more than one number.
 *
 * @example
 * ```ts
 * import { type BilevelProblem, unroll } from '@transferkit/meta'
 * import { innerProduct, multiply, scalar, subtract, zipTrees } from '@transferkit/tensor'
 *
 * // Each step pulls θ a fifth of the way to φ.
 * const problem: BilevelProblem = {
 *   inner: [1, 2].map((step) => ({
 *     name: `pull ${step}`,
 *     evaluate: (params, meta) => {
 *       const difference = zipTrees(params, meta, (a, b) => subtract(a, b))
 *       return { value: innerProduct(difference, difference), auxiliary: {} }
 *     },
 *   })),
 *   update: ({ params, memory }, gradients) => ({ params: zipTrees(params, gradients, (p, g) => subtract(p, multiply(g, 0.1))), memory }),
 *   isAffine: true,
 *   outer: () => scalar(0),
 * }
 * const { last } = unroll(problem, { params: { x: scalar(1) }, memory: {} }, { x: scalar(2) }) // 1.36
 * ```
 */
export const unroll = (problem: BilevelProblem, start: Iterate, meta: TensorTree): Unrolled => {
  const steps: UnrolledStep[] = []
  let iterate = start
  for (const objective of problem.inner) {
    const before = iterate
    const { step, after } = scope(
      () => {
        const { value, gradient, auxiliary } = valueAndGradWithAuxiliary((params: TensorTree) => objective.evaluate(params, meta))(before.params)
        const kept = problem.isAffine === true ? { before: { params: before.params, memory: start.memory }, gradients: before.params } : { before, gradients: gradient }
        return { step: { name: objective.name, value, auxiliary, ...kept } satisfies UnrolledStep, after: problem.update(before, gradient, meta) }
      },
      // The memory in between is this function's own; one that passed through all steps is part of the result.
      { donate: problem.isAffine === true && before !== start ? before.memory : [] },
    )
    steps.push(step)
    iterate = after
  }
  return { steps, last: iterate }
}

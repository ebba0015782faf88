import type { Scalar, TensorTree, WithAuxiliary } from '@transferkit/tensor'

/** Where an inner optimisation is: `θ` and what its optimiser remembers. */
export interface Iterate {
  /** `θ_k`, what the inner steps change. */
  readonly params: TensorTree
  /** `v_k`, the memory of the inner optimiser, such as momentum; empty where it has none. */
  readonly memory: TensorTree
}

/** What one inner step goes down: `L_k(θ, φ)`. */
export interface InnerObjective {
  /** Name for metrics and messages, such as `matching`. */
  readonly name: string
  /** Whether the objective depends on the meta-parameters; true unless told. Without, its mixed derivative is not computed. */
  readonly dependsOnMeta?: boolean
  /**
   * The objective, made of ops, and anything else worth keeping of the pass, such as running statistics. What is kept is not differentiated.
   *
   * @param params `θ`.
   * @param meta `φ`.
   */
  evaluate(params: TensorTree, meta: TensorTree): WithAuxiliary<TensorTree>
}

/**
 * A bilevel problem: meta-parameters `φ` that shall make a short inner training end where the outer objective is small.
 *
 * ```text
 * g_k              = ∇θ L_k(θ_k, φ)                      k = 0 … n-1, one objective a step
 * (θ_k+1, v_k+1)   = U(θ_k, v_k, g_k, φ)                 U: the update of the inner optimiser
 * J(φ)             = L_out(θ_n, φ)
 * ```
 *
 * A meta-method is a plugin: it says what the three functions are, {@link unroll} runs the inner steps and {@link metaGradient} gives `∇φ J`. All of them are pure, and
 * deterministic: called again at the same point they give the same (keys for dropout are fixed by whoever makes the problem).
 */
export interface BilevelProblem {
  /** The objectives of the inner steps, in order. */
  readonly inner: readonly InnerObjective[]
  /**
   * The update `U` of the inner optimiser, made of ops.
   *
   * @param iterate `θ_k` and `v_k`.
   * @param gradients `g_k`, in a tree of the structure of the parameters; zeros, not absent, for what the objective does not depend on.
   * @param meta `φ`, for methods that learn how to update.
   */
  update(iterate: Iterate, gradients: TensorTree, meta: TensorTree): Iterate
  /**
   * Whether `U` is affine in `θ`, `v` and `g` and does not depend on `φ`, as stochastic gradient descent with momentum and decay is; false unless told. Then its
   * derivative is the same everywhere, and an unroll keeps the `n + 1` copies of the parameters and nothing else.
   */
  readonly isAffine?: boolean
  /**
   * The outer objective.
   *
   * @param params `θ_n`.
   * @param meta `φ`.
   */
  outer(params: TensorTree, meta: TensorTree): Scalar
}

import type { ParameterGroup, Scalar, TensorTree } from '@transferkit/tensor'

/** What a gradient transform may look at besides the gradients. */
export interface TransformContext {
  /** The parameters before the step. */
  readonly params: TensorTree
  /** Learning rate of the step. */
  readonly learningRate: Scalar
  /**
   * How one parameter is treated, with every factor filled in.
   *
   * @param path Dotted path of the parameter.
   */
  readonly group: (path: string) => Required<ParameterGroup>
}

/** Result of a gradient transform. */
export interface TransformResult {
  /** The changed updates, in a tree of the structure of the parameters. */
  readonly updates: TensorTree
  /** Memory after the step. */
  readonly state: TensorTree
}

/** One link of an optimiser: it turns gradients into updates, and may remember something. Pure, like the optimiser that is made of it. */
export interface GradientTransform {
  /**
   * Makes the memory; an empty tree where there is none.
   *
   * @param params The parameters that will be trained.
   */
  init(params: TensorTree): TensorTree
  /**
   * Changes the updates of a step.
   *
   * @param updates The gradients, or what the transform before made of them.
   * @param state Memory from `init` or the step before.
   * @param context What else there is to look at.
   */
  update(updates: TensorTree, state: TensorTree, context: TransformContext): TransformResult
}

/**
 * A transform without memory.
 *
 * @param change Changes the updates of a step.
 *
 * @example
 * ```ts
 * import { mapTree, negate } from '@transferkit/tensor'
 * import { stateless } from '@transferkit/training'
 *
 * const uphill = stateless((updates) => mapTree(updates, (update) => negate(update)))
 * ```
 */
export const stateless = (change: (updates: TensorTree, context: TransformContext) => TensorTree): GradientTransform => ({
  init: () => ({}),
  update: (updates, state, context) => ({ updates: change(updates, context), state }),
})

/**
 * Transforms one after the other: each gets what the one before made.
 *
 * The memory of the transform at position `i` stands under the name `i`.
 *
 * @param transforms The transforms in order.
 *
 * @example
 * ```ts
 * import { addDecayedWeights, chain, clipByGlobalNorm, scaleByMomentum } from '@transferkit/training'
 *
 * const transform = chain(clipByGlobalNorm(1), addDecayedWeights(5e-4), scaleByMomentum({ momentum: 0.9 }))
 * ```
 */
export const chain = (...transforms: readonly GradientTransform[]): GradientTransform => ({
  init: (params) => Object.fromEntries(transforms.map((transform, index) => [String(index), transform.init(params)])),
  update: (gradients, state, context) => {
    // The memory of a chain is what `init` above made: trees by position. A tree that was saved and read back lacks the empty ones.
    const memories = state as Readonly<Record<string, TensorTree>>
    const after: Record<string, TensorTree> = {}
    let updates = gradients
    transforms.forEach((transform, index) => {
      const result = transform.update(updates, memories[String(index)] ?? {}, context)
      updates = result.updates
      after[String(index)] = result.state
    })
    return { updates, state: after }
  },
})

import type { Scalar } from '../tensor/tensor.js'
import type { TensorTree } from '../tree/tree.js'
import type { ParameterGroup } from './strategy.js'

/** New parameters and the optimiser's own memory. */
export interface OptimiserResult {
  /** Parameters after the step. */
  readonly params: TensorTree
  /** Memory of the optimiser after the step: momentum, moments, counts. */
  readonly state: TensorTree
}

/** What changes from step to step and is therefore given to each. */
export interface OptimiserSettings {
  /** Learning rate of this step, already scheduled. A tensor, so that a compiled step does not freeze it. */
  readonly learningRate: Scalar
  /**
   * How one parameter is treated; all alike unless told.
   *
   * @param path Dotted path of the parameter.
   */
  parameterGroup?(path: string): ParameterGroup
}

/** A pair of pure functions over trees: memory in, memory out. Rolling a step back is keeping the old trees. */
export interface Optimiser {
  /** Version of this contract. */
  readonly specVersion: 1
  /**
   * Makes the memory for a tree of parameters.
   *
   * What is remembered of a parameter stands under a path that its own path is part of, so that the memory for some of the parameters is a part of the
   * memory for all.
   *
   * @param params The parameters that will be trained.
   */
  init(params: TensorTree): TensorTree
  /**
   * One step.
   *
   * @param gradients One gradient a parameter, in a tree of the same structure.
   * @param state Memory from {@link Optimiser.init} or the step before.
   * @param params The parameters.
   * @param settings Learning rate of this step.
   */
  update(gradients: TensorTree, state: TensorTree, params: TensorTree, settings: OptimiserSettings): OptimiserResult
}

import { TransferkitError } from '../error.js'
import type { Key } from '../random/key.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import { isTensor } from '../tensor/upstream.js'
import type { TensorTree } from '../tree/tree.js'
import type { Mode, Module, ModuleDescription, Variables } from './module.js'

/** Result of applying a layer. */
export interface LayerResult<Output extends Tensor> {
  /** What the layer computes. */
  readonly output: Output
  /** The new state; left out where it did not change. */
  readonly state?: TensorTree
}

/** A module without modules inside. */
export interface LayerDefinition<Input extends Tensor, Output extends Tensor> {
  /** Kind and settings, for reports and predicates. */
  readonly description: ModuleDescription
  /**
   * Makes the variables; a layer without any leaves it out.
   *
   * @param key Source of randomness.
   * @param inputShape Shape of an input, with any size for the batch.
   */
  init?(key: Key, inputShape: Shape): Variables
  /**
   * Computes the output, and the new state where it changes.
   *
   * @param variables The layer's variables.
   * @param input One batch.
   * @param mode Inference or training.
   */
  apply(variables: Variables, input: Input, mode: Mode): LayerResult<Output>
}

/**
 * A module without modules inside.
 *
 * @param definition Its functions.
 *
 * @example
 * ```ts
 * import { layer, multiply, type Tensor } from '@transferkit/tensor'
 *
 * const halving = layer({ description: { kind: 'halving' }, apply: (_variables, x: Tensor) => ({ output: multiply(x, 0.5) }) })
 * ```
 */
export const layer = <Input extends Tensor, Output extends Tensor>(definition: LayerDefinition<Input, Output>): Module<Input, Output> => {
  const module: Module<Input, Output> = {
    specVersion: 1,
    description: definition.description,
    children: {},
    withChildren: () => module,
    init: (key, inputShape) => definition.init?.(key, inputShape) ?? { params: {}, state: {} },
    apply: (variables, input, mode) => {
      const { output, state } = definition.apply(variables, input, mode)
      return { output, state: state ?? variables.state, taps: {} }
    },
  }
  return module
}

/**
 * A tensor directly under a branch of a tree, for layers that read their own variables.
 *
 * @param tree The layer's parameters or state.
 * @param name Name of the tensor.
 * @throws TransferkitError `module/missing-variable` when it is not there.
 *
 * @example
 * ```ts
 * import { variable, zeros } from '@transferkit/tensor'
 *
 * const bias = variable({ bias: zeros([10]) }, 'bias')
 * ```
 */
export const variable = (tree: TensorTree, name: string): Tensor => {
  // A tree that is a tensor has no such name, which the check below finds.
  const found = (tree as Readonly<Record<string, TensorTree>>)[name]
  if (isTensor(found)) return found
  throw new TransferkitError('module/missing-variable', `A layer needs the tensor '${name}', but its variables are: ${Object.keys(tree).join(', ') || 'none'}. Were they made for another network?`)
}

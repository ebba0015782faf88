import { foldIn, type Key } from '../random/key.js'
import { scope } from '../memory/scope.js'
import { zeros } from '../ops/creation.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import type { TensorTree } from '../tree/tree.js'
import { type Applied, inference, type Mode, type Module, type ModuleDescription, partMode, type Taps, type Variables } from './module.js'

/** Applies one of the modules inside a composite module, by name. */
export type RunChild<Name extends string> = (name: Name, input: Tensor) => Tensor

/** A module made of modules. */
export interface CompositeDefinition<Name extends string, Input extends Tensor, Output extends Tensor> {
  /** Kind and settings, for reports and predicates. */
  readonly description: ModuleDescription
  /** The modules inside, by name; their variables stand under the same names. */
  readonly children: Readonly<Record<Name, Module>>
  /**
   * The wiring: how the output is computed from the input.
   *
   * @param run Applies a child; its variables, its key and its state are looked after.
   * @param input One batch.
   */
  forward(run: RunChild<Name>, input: Input): Output
}

const named = (tree: TensorTree, name: string): TensorTree =>
  // A module without parameters has no branch in the tree; a tensor in its place is caught by the module that reads it.
  (tree as Readonly<Record<string, TensorTree>>)[name] ?? {}

const isEmpty = (tree: TensorTree): boolean => Object.keys(tree).length === 0 && !('dataId' in tree)

/**
 * A module made of modules, from its wiring alone: variables, keys, state and taps of the children are handled here.
 *
 * `init` finds the shapes by running the wiring once on zeros, so that no size is written twice.
 *
 * @param definition The children and how they are wired.
 *
 * @example
 * ```ts
 * import { add, batchNormLayer, composite, convolutionLayer, type Images } from '@transferkit/tensor'
 *
 * const residual = composite({
 *   description: { kind: 'residual' },
 *   children: { convolution: convolutionLayer({ channels: 16, kernelSize: 3, padding: 1 }), norm: batchNormLayer() },
 *   forward: (run, x: Images) => add(x, run('norm', run('convolution', x))) as Images,
 * })
 * ```
 */
export const composite = <Name extends string, Input extends Tensor, Output extends Tensor>(
  definition: CompositeDefinition<Name, Input, Output>,
): Module<Input, Output> => {
  const { children, description } = definition
  const childOf = (name: Name): Module => children[name]

  const init = (key: Key, inputShape: Shape): Variables =>
    scope(() => {
      const params: Record<string, TensorTree> = {}
      const state: Record<string, TensorTree> = {}
      const made = new Map<Name, Variables>()
      const run: RunChild<Name> = (name, input) => {
        const variables = made.get(name) ?? childOf(name).init(foldIn(key, name), input.shape)
        made.set(name, variables)
        return childOf(name).apply(variables, input, inference).output
      }
      const [, ...exampleShape] = inputShape
      // Zeros in the shape of an input.
      definition.forward(run, zeros([1, ...exampleShape]) as unknown as Input)
      for (const [name, variables] of made) {
        if (!isEmpty(variables.params)) params[name] = variables.params
        if (!isEmpty(variables.state)) state[name] = variables.state
      }
      return { params, state }
    })

  const apply = (variables: Variables, input: Input, mode: Mode): Applied<Output> => {
    const state: Record<string, TensorTree> = {}
    const taps: Record<string, Tensor> = {}
    const run: RunChild<Name> = (name, x) => {
      const childMode = partMode(mode, (key) => foldIn(key, name))
      const before = state[name] ?? named(variables.state, name)
      const applied = childOf(name).apply({ params: named(variables.params, name), state: before }, x, childMode)
      if (!isEmpty(applied.state)) state[name] = applied.state
      for (const [path, tap] of Object.entries(applied.taps)) taps[`${name}.${path}`] = tap
      taps[name] = applied.output
      return applied.output
    }
    const output = definition.forward(run, input)
    // The state of a composite module is made by `init` above, as named trees.
    return { output, state: { ...(variables.state as Readonly<Record<string, TensorTree>>), ...state }, taps: taps satisfies Taps }
  }

  return {
    specVersion: 1,
    description,
    children,
    // The names are those of `children`.
    withChildren: (replaced) => composite({ ...definition, children: replaced as Readonly<Record<Name, Module>> }),
    init,
    apply,
  }
}

/**
 * Modules one after the other, in the order in which they are named.
 *
 * @param children The modules by name.
 *
 * @example
 * ```ts
 * import { denseLayer, reluLayer, sequential } from '@transferkit/tensor'
 *
 * const hidden = sequential({ dense: denseLayer({ units: 64 }), relu: reluLayer() })
 * ```
 */
export const sequential = (children: Readonly<Record<string, Module>>): Module =>
  composite({
    description: { kind: 'sequential' },
    children,
    forward: (run, input: Tensor) => Object.keys(children).reduce((x, name) => run(name, x), input),
  })

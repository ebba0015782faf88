import type { Key } from '../random/key.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import type { TensorTree } from '../tree/tree.js'

/** How a module runs: as a trained network, or in training, where a key feeds dropout and batch norm uses the batch. */
export type Mode = InferenceMode | TrainingMode

/** Deterministic: no dropout, running statistics. */
export interface InferenceMode {
  /** Marks the mode. */
  readonly training: false
}

/** Dropout drops, batch norm normalises by the batch and updates its running statistics. */
export interface TrainingMode {
  /** Marks the mode. */
  readonly training: true
  /** Source of all randomness of this step. */
  readonly key: Key
}

/**
 * The mode of a trained network.
 *
 * @example
 * ```ts
 * import { flattenLayer, inference, ones } from '@transferkit/tensor'
 *
 * const { output } = flattenLayer().apply({ params: {}, state: {} }, ones([2, 3, 3]), inference)
 * ```
 */
export const inference: InferenceMode = { training: false }

/**
 * The mode of a training step.
 *
 * @param key Source of all randomness of this step.
 *
 * @example
 * ```ts
 * import { randomKey, trainingMode } from '@transferkit/tensor'
 *
 * const mode = trainingMode(randomKey(1))
 * ```
 */
export const trainingMode = (key: Key): TrainingMode => ({ training: true, key })

/**
 * The mode in which a part of a module runs: the same, with a key of its own in training.
 *
 * The key is derived when it is read, so that a part without randomness costs nothing and counts as independent of it when it is compiled.
 *
 * @param mode Mode of the whole.
 * @param derive Derives the key of the part from that of the whole, usually {@link foldIn} with a name.
 *
 * @example
 * ```ts
 * import { foldIn, partMode, randomKey, trainingMode } from '@transferkit/tensor'
 *
 * const mode = partMode(trainingMode(randomKey(1)), (key) => foldIn(key, 'stage1'))
 * ```
 */
export const partMode = (mode: Mode, derive: (key: Key) => Key): Mode =>
  mode.training
    ? {
        training: true,
        get key() {
          return derive(mode.key)
        },
      }
    : mode

/** What a module computes with. */
export interface Variables {
  /** Parameters: what gradients change. */
  readonly params: TensorTree
  /** State: what the forward pass changes, such as running statistics. */
  readonly state: TensorTree
}

/** Activations by dotted module path, such as `stage1.block2.convolution1`. */
export type Taps = Readonly<Record<string, Tensor>>

/** Result of applying a module. */
export interface Applied<Output extends Tensor = Tensor> {
  /** What the module computes. */
  readonly output: Output
  /** The state after this call; the old one where nothing changed. */
  readonly state: TensorTree
  /** Outputs of all modules inside this one, by path. */
  readonly taps: Taps
}

/**
 * A pair of pure functions: one makes variables, the other applies them. A module holds no tensor.
 *
 * @typeParam Input What it takes.
 * @typeParam Output What it gives.
 */
export interface Module<Input extends Tensor = Tensor, Output extends Tensor = Tensor> {
  /** Version of this contract. */
  readonly specVersion: 1
  /** Kind and settings of the module as plain data, such as `{ kind: 'convolution', kernelSize: 3 }`, for reports and for choosing modules by predicate. */
  readonly description: ModuleDescription
  /** Modules inside this one, by name; none for a layer. */
  readonly children: Readonly<Record<string, Module>>
  /**
   * The same module around other modules; this is how structures are attached to a network.
   *
   * @param children Replacements for all children, under the same names.
   */
  withChildren(children: Readonly<Record<string, Module>>): Module<Input, Output>
  /**
   * Makes the variables.
   *
   * @param key Source of randomness; the same key makes the same variables.
   * @param inputShape Shape of an input, with any size for the batch.
   * @throws TransferkitError When the module cannot take inputs of that shape.
   */
  init(key: Key, inputShape: Shape): Variables
  /**
   * Computes the output.
   *
   * @param variables What {@link Module.init} made, or trees of the same structure.
   * @param input One batch.
   * @param mode Inference or training.
   */
  apply(variables: Variables, input: Input, mode: Mode): Applied<Output>
}

/** Kind and settings of a module. */
export interface ModuleDescription {
  /** What kind of module it is, such as `convolution`. */
  readonly kind: string
  /** Settings by name. */
  readonly [setting: string]: string | number | boolean | readonly number[] | undefined
}

/** Decides for each module inside another by its path and the module itself; returns the module to put there, or `undefined` to leave it. */
export type ModuleReplacement = (path: string, module: Module) => Module | undefined

/**
 * Replaces modules inside a module, from the outside in: what is replaced is not looked into.
 *
 * @param module The module to change; it is left as it is.
 * @param replace Decides for each module inside it, by dotted path.
 * @returns The changed module.
 *
 * @example
 * ```ts
 * import { identityLayer, replaceModules, sequential } from '@transferkit/tensor'
 *
 * const changed = replaceModules(sequential({ first: identityLayer() }), (path) => (path === 'first' ? identityLayer() : undefined))
 * ```
 */
export const replaceModules = <M extends Module>(module: M, replace: ModuleReplacement): M => {
  const visit = (inner: Module, path: string): Module => {
    const names = Object.entries(inner.children)
    if (names.length === 0) return inner
    return inner.withChildren(
      Object.fromEntries(
        names.map(([name, child]) => {
          const childPath = path === '' ? name : `${path}.${name}`
          return [name, replace(childPath, child) ?? visit(child, childPath)]
        }),
      ),
    )
  }
  // withChildren keeps the kind of a module.
  return visit(module, '') as M
}

/**
 * Every module inside another, the outer ones first, with its dotted path.
 *
 * @param module The module to look into.
 * @param path Path of the module itself, where it is part of another one; empty unless told.
 *
 * @example
 * ```ts
 * import { modulesInside, reluLayer, sequential } from '@transferkit/tensor'
 *
 * modulesInside(sequential({ relu: reluLayer() })).map(([path]) => path) // ['relu']
 * ```
 */
export const modulesInside = (module: Module, path = ''): readonly (readonly [path: string, module: Module])[] =>
  Object.entries(module.children).flatMap(([name, child]) => {
    const childPath = path === '' ? name : `${path}.${name}`
    return [[childPath, child] as const, ...modulesInside(child, childPath)]
  })

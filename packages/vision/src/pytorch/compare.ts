import { flattenTree, modulesInside, type Network, scope, type Shape, type Tensor, type TensorTree, TransferkitError } from '@transferkit/tensor'
import type { SafetensorsEntry } from '@transferkit/training'
import { isPassedOver, unwrapped } from './entry-names.js'
import { type Layout, layoutOf } from './layouts.js'
import type { PytorchNames } from './renaming.js'
import { classesNamed, namesIn, recognisePytorch } from './recognise.js'
import { whatTheyAre } from './what-they-are.js'

/** What PyTorch calls a variable, and how it keeps it. @internal */
export interface Counterpart {
  /** Official name. */
  readonly name: string
  /** How PyTorch keeps it. */
  readonly layout: Layout
}

/** Gives the counterpart of a variable of a network by its path. @internal */
export const counterpartsIn = (network: Network, names: PytorchNames): ((path: string) => Counterpart) => {
  const modules = new Map(modulesInside(network))
  return (path) => {
    const module = path.slice(0, path.lastIndexOf('.'))
    const layout = layoutOf(path, modules.get(module))
    return { name: `${names.nameOf(module)}.${layout.name}`, layout }
  }
}

/** A variable of a network with its counterpart. @internal */
export interface CounterpartOfVariable extends Counterpart {
  /** Our path. */
  readonly path: string
  /** Our shape. */
  readonly shape: Shape
}

/** A tensor whose shape is not what the network needs. */
export interface MisshapenTensor {
  /** Official name. */
  readonly name: string
  /** Its shape in the file. */
  readonly shape: Shape
  /** The shape that the network needs, in PyTorch's order of axes. */
  readonly expected: Shape
}

/** How the tensors of a file and those of a network correspond. */
export interface PytorchComparison {
  /** Official names of the tensors that are there and fit. */
  readonly matched: readonly string[]
  /** Official names of the tensors that the network needs and the file does not have. */
  readonly missing: readonly string[]
  /** Names of the tensors that the file has and the network does not; counters of batch norm and what the official code saves unused do not count. */
  readonly unexpected: readonly string[]
  /** Tensors of the right name and another shape. */
  readonly misshapen: readonly MisshapenTensor[]
}

/** A comparison, with what is needed to import. @internal */
export interface PytorchMatching {
  /** What {@link comparePytorch} gives. */
  readonly comparison: PytorchComparison
  /** Counterparts of the network's parameters. */
  readonly params: readonly CounterpartOfVariable[]
  /** Counterparts of its running statistics. */
  readonly state: readonly CounterpartOfVariable[]
  /** The entries by official name. */
  readonly given: ReadonlyMap<string, SafetensorsEntry>
}

/** Compares the tensors of a file with those of a network. @internal */
export const matchPytorch = (network: Network, entries: readonly SafetensorsEntry[], names: PytorchNames = namesIn(network, entries)): PytorchMatching => {
  // The network is initialised for its paths and shapes; the key does not matter, for no value is kept.
  const { params, state } = scope(() => {
    const variables = network.init({ high: 0, low: 0 }, [1, ...network.inputShape])
    const counterpart = counterpartsIn(network, names)
    const listed = (tree: TensorTree): readonly CounterpartOfVariable[] => flattenTree<Tensor>(tree).map(({ path, leaf }) => ({ path, shape: leaf.shape, ...counterpart(path) }))
    return { params: listed(variables.params), state: listed(variables.state) }
  })
  const wanted = new Map([...params, ...state].map(({ name, shape, layout }) => [name, layout.officialShape(shape)]))
  const given = unwrapped(entries, (name) => wanted.has(name))
  const [matched, missing, misshapen]: [string[], string[], MisshapenTensor[]] = [[], [], []]
  for (const [name, expected] of wanted) {
    const shape = given.get(name)?.shape
    if (shape === undefined) missing.push(name)
    else if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis])) misshapen.push({ name, shape, expected })
    else matched.push(name)
  }
  const unexpected = [...given.keys()].filter((name) => !wanted.has(name) && !isPassedOver(name, names))
  return { comparison: { matched, missing, unexpected, misshapen }, params, state, given }
}

/**
 * Compares the tensors of a file with those that the PyTorch code of a network has, and imports nothing.
 *
 * @param network The network; its name says whose PyTorch code it follows.
 * @param entries The entries of a safetensors file; `module.`, `model.`, `net.`, `state_dict.` and `_orig_mod.` in front of names are passed over.
 * @param names Names of the modules, for a network of your own; else the file is recognised by its names.
 * @throws TransferkitError `pytorch/unknown-network` when no names are known for the network.
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@transferkit/training'
 * import { comparePytorch, resnet18 } from '@transferkit/vision'
 *
 * const report = (file: Uint8Array) => comparePytorch(resnet18({ classes: 1000 }), readSafetensors(file).entries)
 * ```
 */
export const comparePytorch = (network: Network, entries: readonly SafetensorsEntry[], names: PytorchNames = namesIn(network, entries)): PytorchComparison =>
  matchPytorch(network, entries, names).comparison

/**
 * Number of classes that the head of a file was trained for, so that the right network can be made.
 *
 * @param network The architecture, with any number of classes.
 * @param entries The entries of a safetensors file.
 * @param names Names of the modules, for a network of your own; else the file is recognised by its names.
 * @returns The number of outputs of the head in the file.
 * @throws TransferkitError `pytorch/no-head` when the file has no head of this name, `pytorch/unknown-network` when no names are known for the network.
 *
 * @example
 * ```ts
 * import { withClasses } from '@transferkit/tensor'
 * import { readSafetensors } from '@transferkit/training'
 * import { classesOfPytorch, importPytorch, resnet18 } from '@transferkit/vision'
 *
 * const load = (file: Uint8Array) => {
 *   const { entries } = readSafetensors(file)
 *   const network = withClasses(resnet18({ classes: 1 }), classesOfPytorch(resnet18({ classes: 1 }), entries))
 *   return { network, variables: importPytorch(network, entries) }
 * }
 * ```
 */
export const classesOfPytorch = (network: Network, entries: readonly SafetensorsEntry[], names: PytorchNames = namesIn(network, entries)): number => {
  const head = names.nameOf('head')
  const classes = classesNamed(entries, head)
  if (classes === undefined) {
    throw new TransferkitError('pytorch/no-head', `The tensors of the file include no '${head}.weight', so they do not tell the number of classes of '${network.name}'. ${whatTheyAre(network, recognisePytorch(entries))} Was the head left out?`)
  }
  return classes
}

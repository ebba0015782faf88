import { flattenTree, mapTree, type Network, readSync, release, scope, type Shape, tensor, type Tensor, type TensorTree, TransferkitError, transpose, type Variables } from '@transferkit/tensor'
import { floatEntry, floatsOf, type SafetensorsEntry } from '@transferkit/training'
import { type PytorchNames, pytorchNamesOf } from './names.js'

/** What PyTorch calls a variable of a layer, and the order of axes that takes its tensor to ours. */
interface Counterpart {
  readonly name: string
  readonly order: readonly number[] | undefined
}

const counterparts: Readonly<Record<string, Counterpart>> = {
  // Convolutions are [output, input, height, width] there, linear layers [output, input].
  filter: { name: 'weight', order: [2, 3, 1, 0] },
  weight: { name: 'weight', order: [1, 0] },
  bias: { name: 'bias', order: undefined },
  scale: { name: 'weight', order: undefined },
  offset: { name: 'bias', order: undefined },
  mean: { name: 'running_mean', order: undefined },
  variance: { name: 'running_var', order: undefined },
}

const inverse = (order: readonly number[]): readonly number[] => order.map((_, axis) => order.indexOf(axis))

const reordered = (shape: Shape, order: readonly number[] | undefined): Shape => (order === undefined ? shape : order.map((axis) => shape[axis] ?? 0))

const counterpartOf = (path: string, names: PytorchNames): Counterpart => {
  const end = path.lastIndexOf('.')
  const leaf = path.slice(end + 1)
  const counterpart = counterparts[leaf]
  if (counterpart === undefined) throw new TransferkitError('pytorch/unknown-variable', `The variable '${path}' has no counterpart in PyTorch; known are: ${Object.keys(counterparts).join(', ')}.`)
  return { ...counterpart, name: `${names.nameOf(path.slice(0, end))}.${counterpart.name}` }
}

/** Steps that batch norm has counted: PyTorch saves them and uses them only where momentum is not constant. */
const isCounter = (name: string): boolean => name.endsWith('.num_batches_tracked')

const listed = (names: readonly string[]): string => `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`

const problem = (what: string, names: readonly string[]): readonly string[] => (names.length === 0 ? [] : [`${what}: ${listed(names)}.`])

/**
 * Variables of a network from tensors under the names of its PyTorch code.
 *
 * Convolutions are turned from `[output, input, height, width]` to `[height, width, input, output]`, linear layers from `[output, input]` to
 * `[input, output]`. Counters of batch norm, and tensors that the official code saves but does not use, are passed over.
 *
 * @param network The network; its name says whose PyTorch code it follows.
 * @param tensors The entries of a safetensors file.
 * @param names Names of the modules, for a network of your own.
 * @throws TransferkitError `pytorch/mismatch` that lists the missing, the unexpected and the misshapen tensors.
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@transferkit/training'
 * import { cifarResnet, importPytorch } from '@transferkit/vision'
 *
 * const load = (file: Uint8Array) => {
 *   const network = cifarResnet({ depth: 20 })
 *   return { network, variables: importPytorch(network, readSafetensors(file).entries) }
 * }
 * ```
 */
export const importPytorch = (network: Network, tensors: readonly SafetensorsEntry[], names: PytorchNames = pytorchNamesOf(network)): Variables =>
  scope(() => {
    const given = new Map(tensors.map((entry) => [entry.name, entry]))
    const [missing, misshapen]: [string[], string[]] = [[], []]
    const imported = (leaf: Tensor, path: string): Tensor => {
      const { name, order } = counterpartOf(path, names)
      const entry = given.get(name)
      if (entry === undefined) {
        missing.push(name)
        return leaf
      }
      given.delete(name)
      const expected = reordered(leaf.shape, order && inverse(order))
      if (entry.shape.length !== expected.length || entry.shape.some((size, axis) => size !== expected[axis])) {
        misshapen.push(`${name} [${String(entry.shape)}] instead of [${String(expected)}]`)
        return leaf
      }
      const values: Tensor = tensor(floatsOf(entry), entry.shape)
      return order === undefined ? values : transpose(values, order)
    }
    // The network is initialised for its paths and shapes; the key does not matter, for no value is kept.
    const { params, state } = network.init({ high: 0, low: 0 }, [1, ...network.inputShape])
    const variables = { params: mapTree(params, imported), state: mapTree(state, imported) }
    const unexpected = [...given.keys()].filter((name) => !isCounter(name) && names.isUnused?.(name) !== true)
    const problems = [...problem('Missing', missing), ...problem('Unexpected', unexpected), ...problem('Of another shape', misshapen)]
    if (problems.length > 0) {
      throw new TransferkitError(
        'pytorch/mismatch',
        `The tensors are not those of '${network.name}' with ${network.classes} classes. ${problems.join(' ')} Check the architecture, its width and the number of classes.`,
      )
    }
    return variables
  })

/**
 * Tensors under the names of a network's PyTorch code: the reverse of {@link importPytorch}.
 *
 * @param network The network; its name says whose PyTorch code it follows.
 * @param variables Its parameters and running statistics.
 * @param names Names of the modules, for a network of your own.
 * @returns In alphabetical order of our paths, parameters before running statistics.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { writeSafetensors } from '@transferkit/training'
 * import { cifarResnet, exportPytorch } from '@transferkit/vision'
 *
 * const network = cifarResnet({ depth: 8 })
 * const file = writeSafetensors(exportPytorch(network, network.init(randomKey(1), [1, 32, 32, 3])))
 * ```
 */
export const exportPytorch = (network: Network, variables: Variables, names: PytorchNames = pytorchNamesOf(network)): readonly SafetensorsEntry[] => {
  const exported = (tree: TensorTree): readonly SafetensorsEntry[] =>
    flattenTree<Tensor>(tree).map(({ path, leaf }) => {
      const { name, order } = counterpartOf(path, names)
      const official = order === undefined ? leaf : transpose(leaf, inverse(order))
      const entry = floatEntry(name, official.shape, readSync(official))
      if (official !== leaf) release(official)
      return entry
    })
  return [...exported(variables.params), ...exported(variables.state)]
}

import { flattenTree, mapTree, type Module, modulesInside, readSync, scope, tensor, type Tensor, type TensorTree, TransferkitError, transpose } from '@transferkit/tensor'
import { floatEntry, floatsOf, type SafetensorsEntry } from '@transferkit/training'
import { bidirectionalKind } from './bidirectional-layer.js'
import { isRecurrentLayer } from './recurrent-layer.js'

/** PyTorch's names of the variables of a layer. */
const torchNames: Readonly<Record<string, string>> = { 'input.weight': 'weight_ih', 'input.bias': 'bias_ih', 'hidden.weight': 'weight_hh', 'hidden.bias': 'bias_hh' }

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** PyTorch's name of every variable of the recurrent layers in a module, by our path. */
const namesByPath = (module: Module, prefix: string): ReadonlyMap<string, string> => {
  const suffixes = new Map<string, string>()
  let layers = 0
  for (const [path, inner] of [['', module] as const, ...modulesInside(module)]) {
    if (inner.description.kind === bidirectionalKind) {
      suffixes.set(joined(path, 'forward'), `l${layers}`)
      suffixes.set(joined(path, 'backward'), `l${layers++}_reverse`)
    } else if (isRecurrentLayer(inner) && !suffixes.has(path)) suffixes.set(path, `l${layers++}`)
  }
  if (layers === 0) throw new TransferkitError('nlp/no-recurrent-layer', `The module '${module.description.kind}' has no recurrent layer whose weights could be imported or exported.`)
  return new Map([...suffixes].flatMap(([path, suffix]) => Object.entries(torchNames).map(([ours, theirs]) => [joined(path, ours), `${prefix}${theirs}_${suffix}`] as const)))
}

const turned = (shape: readonly number[]): readonly number[] => [...shape].reverse()

const anyTorchName = /^(?:weight|bias)_(?:ih|hh)_l\d+(?:_reverse)?$/

/** Where the weights stand in a file. */
export interface TorchRecurrentOptions {
  /** What stands in front of the names, such as `encoder.lstm.`; nothing unless told. */
  readonly prefix?: string
}

/**
 * Parameters with the recurrent layers from the state dictionary of PyTorch's `nn.LSTM` or `nn.GRU`: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
 * `bias_hh_l0`, the same with `_reverse`, and on for the layers behind. Weights are transposed from `[gates · hidden, in]`.
 *
 * @param module The layer, or a network with layers inside, which are numbered in their order.
 * @param params Its parameters; they are left as they are, and what is not recurrent is taken over.
 * @param entries The entries of a safetensors file; others than those of the recurrent layers are passed over.
 * @param options What stands in front of the names.
 * @throws TransferkitError `nlp/torch-mismatch` that names the tensors that are missing, of another shape, or of layers that the module does not have;
 * `nlp/no-recurrent-layer` when the module has none.
 *
 * @example
 * ```ts
 * import { importTorchRecurrent, lstmCell, recurrentLayer } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 * import { readSafetensors } from '@transferkit/training'
 *
 * const load = (file: Uint8Array) => {
 *   const layer = recurrentLayer({ cell: lstmCell({ hiddenSize: 128 }) })
 *   return importTorchRecurrent(layer, layer.init(randomKey(1), [1, 1, 301]).params, readSafetensors(file).entries)
 * }
 * ```
 */
export const importTorchRecurrent = (module: Module, params: TensorTree, entries: readonly SafetensorsEntry[], { prefix = '' }: TorchRecurrentOptions = {}): TensorTree => {
  const names = namesByPath(module, prefix)
  const given = new Map(entries.map((entry) => [entry.name, entry]))
  const wanted = new Set(names.values())
  const problems = flattenTree<Tensor>(params).flatMap(({ path, leaf }) => {
    const name = names.get(path)
    if (name === undefined) return []
    const found = given.get(name)
    if (found === undefined) return [`'${name}' is missing`]
    const expected = turned(leaf.shape)
    return String(found.shape) === String(expected) ? [] : [`'${name}' has shape [${found.shape.join(', ')}] instead of [${expected.join(', ')}]`]
  })
  const others = [...given.keys()].filter((name) => name.startsWith(prefix) && anyTorchName.test(name.slice(prefix.length)) && !wanted.has(name))
  if (others.length > 0) problems.push(`'${others.join("', '")}' ${others.length === 1 ? 'has' : 'have'} no layer here`)
  if (problems.length > 0) {
    throw new TransferkitError('nlp/torch-mismatch', `The tensors are not those of these recurrent layers: ${problems.join('; ')}. Are cell, sizes, number of layers, directions and prefix ('${prefix}') the same?`)
  }
  return scope(() =>
    mapTree(params, (leaf, path) => {
      const entry = given.get(names.get(path) ?? '')
      if (entry === undefined || !names.has(path)) return leaf
      const official: Tensor = tensor(floatsOf(entry), entry.shape)
      return leaf.rank === 2 ? transpose(official, [1, 0]) : official
    }),
  )
}

/**
 * The recurrent layers of a module as the state dictionary of PyTorch's `nn.LSTM` or `nn.GRU`: the reverse of {@link importTorchRecurrent}.
 *
 * @param module The layer, or a network with layers inside, which are numbered in their order.
 * @param params Its parameters.
 * @param options What to put in front of the names.
 * @throws TransferkitError `nlp/no-recurrent-layer` when the module has none.
 *
 * @example
 * ```ts
 * import { exportTorchRecurrent, gruCell, recurrentLayer } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 * import { writeSafetensors } from '@transferkit/training'
 *
 * const layer = recurrentLayer({ cell: gruCell({ hiddenSize: 8 }) })
 * const file = writeSafetensors(exportTorchRecurrent(layer, layer.init(randomKey(1), [1, 1, 5]).params), { format: 'pt' })
 * ```
 */
export const exportTorchRecurrent = (module: Module, params: TensorTree, { prefix = '' }: TorchRecurrentOptions = {}): readonly SafetensorsEntry[] => {
  const names = namesByPath(module, prefix)
  return flattenTree<Tensor>(params).flatMap(({ path, leaf }) => {
    const name = names.get(path)
    if (name === undefined) return []
    return [floatEntry(name, turned(leaf.shape), scope(() => readSync(leaf.rank === 2 ? transpose(leaf, [1, 0]) : leaf)))]
  })
}

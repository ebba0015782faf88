import { flattenTree, type Network, readSync, scope, tensor, type Tensor, type TensorTree, TransferkitError, unflattenTree, type Variables } from '@transferkit/tensor'
import { floatEntry, floatsOf, type SafetensorsEntry } from '@transferkit/training'
import { counterpartsIn, type CounterpartOfVariable, matchPytorch } from './compare.js'
import { mismatch } from './mismatch.js'
import { pytorchNames } from './names.js'
import type { PytorchNames } from './renaming.js'
import { namesIn } from './recognise.js'

/**
 * Variables of a network from tensors under the names of its PyTorch code.
 *
 * Convolutions are turned from `[output, input, height, width]` to `[height, width, input, output]`, linear layers from `[output, input]` to
 * `[input, output]`. `module.`, `model.`, `net.`, `state_dict.` and `_orig_mod.` in front of names, counters of batch norm, and tensors that the official
 * code saves but does not use, are passed over.
 *
 * @param network The network; its name says whose PyTorch code it follows.
 * @param entries The entries of a safetensors file.
 * @param names Names of the modules, for a network of your own; else the file is recognised by its names.
 * @throws TransferkitError `pytorch/mismatch` that tells the missing, the unexpected and the misshapen tensors, and which network they seem to be from;
 * `pytorch/unknown-network` when no names are known for the network. Nothing is imported then.
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@transferkit/training'
 * import { importPytorch, resnet18 } from '@transferkit/vision'
 *
 * const load = (file: Uint8Array) => {
 *   const network = resnet18({ classes: 1000 })
 *   return { network, variables: importPytorch(network, readSafetensors(file).entries) }
 * }
 * ```
 */
export const importPytorch = (network: Network, entries: readonly SafetensorsEntry[], names: PytorchNames = namesIn(network, entries)): Variables =>
  scope(() => {
    const { comparison, params, state, given } = matchPytorch(network, entries, names)
    if (comparison.missing.length + comparison.unexpected.length + comparison.misshapen.length > 0) throw mismatch(network, entries, comparison)
    const imported = ({ path, shape, name, layout }: CounterpartOfVariable): { path: string; leaf: Tensor } => {
      const entry = given.get(name)
      // The comparison would have told.
      if (entry === undefined) throw new TransferkitError('pytorch/mismatch', `The tensor '${name}' is missing.`)
      return { path, leaf: layout.ours(tensor(floatsOf(entry), entry.shape), shape) }
    }
    return { params: unflattenTree<Tensor>(params.map(imported)), state: unflattenTree<Tensor>(state.map(imported)) }
  })

/**
 * Tensors under the names of a network's PyTorch code: the reverse of {@link importPytorch}.
 *
 * PyTorch's own `load_state_dict` takes them: it makes the counters of batch norm, which are left out, itself.
 *
 * @param network The network; its name says whose PyTorch code it follows.
 * @param variables Its parameters and running statistics.
 * @param names Names of the modules: {@link pytorchNames} gives those that are known, by default the first of them; or those of a network of your own.
 * @returns In alphabetical order of our paths, parameters before running statistics.
 * @throws TransferkitError `pytorch/unknown-network` when no names are known for the network, `pytorch/unknown-variable` when PyTorch has no such variable.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { writeSafetensors } from '@transferkit/training'
 * import { exportPytorch, mobilenetV2, pytorchNames } from '@transferkit/vision'
 *
 * const network = mobilenetV2({ classes: 10, inputShape: [32, 32, 3] })
 * const variables = network.init(randomKey(1), [1, 32, 32, 3])
 * const file = writeSafetensors(exportPytorch(network, variables, pytorchNames(network, 'timm')), { format: 'pt' })
 * ```
 */
export const exportPytorch = (network: Network, variables: Variables, names: PytorchNames = pytorchNames(network)): readonly SafetensorsEntry[] => {
  const counterpart = counterpartsIn(network, names)
  const exported = (tree: TensorTree): readonly SafetensorsEntry[] =>
    flattenTree<Tensor>(tree).map(({ path, leaf }) => {
      const { name, layout } = counterpart(path)
      return floatEntry(name, layout.officialShape(leaf.shape), scope(() => readSync(layout.official(leaf))))
    })
  return [...exported(variables.params), ...exported(variables.state)]
}

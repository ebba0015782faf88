import { flattenTree, mapTree, read, scope, type Tensor, tensor, type TensorTree, TransferkitError } from '@transferkit/tensor'
import { floatEntry, floatsOf, type SafetensorsEntry } from './entry.js'

/**
 * The tensors of a tree as entries called by their dotted paths.
 *
 * @param tree A tree of float tensors.
 * @param prefix What to put in front of each path, such as `params.`; nothing unless told.
 *
 * @example
 * ```ts
 * import { tensor } from '@transferkit/tensor'
 * import { entriesOfTree, writeSafetensors } from '@transferkit/training'
 *
 * const bytes = writeSafetensors(await entriesOfTree({ head: { bias: tensor([0, 1], [2]) } }))
 * ```
 */
export const entriesOfTree = async (tree: TensorTree, prefix = ''): Promise<readonly SafetensorsEntry[]> =>
  Promise.all(flattenTree<Tensor>(tree).map(async ({ path, leaf }) => floatEntry(`${prefix}${path}`, leaf.shape, await read(leaf))))

/**
 * A tree of the structure of another one, with tensors from entries called by their dotted paths.
 *
 * @param template Gives structure and shapes; its tensors stay as they are.
 * @param entries Where the tensors come from; other entries are passed over.
 * @param prefix What stands in front of each path, such as `params.`; nothing unless told.
 * @param what What the entries are, for messages.
 * @throws TransferkitError `safetensors/does-not-fit` that names the tensors that are missing or have another shape.
 *
 * @example
 * ```ts
 * import { zeros } from '@transferkit/tensor'
 * import { floatEntry, treeFromEntries } from '@transferkit/training'
 *
 * const tree = treeFromEntries({ bias: zeros([2]) }, [floatEntry('bias', [2], [1, 2])])
 * ```
 */
export const treeFromEntries = <P extends TensorTree>(template: P, entries: readonly SafetensorsEntry[], prefix = '', what = 'safetensors file'): P => {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const problems = flattenTree<Tensor>(template).flatMap(({ path, leaf }) => {
    const found = byName.get(`${prefix}${path}`)
    if (found === undefined) return [`'${prefix}${path}' is missing`]
    return String(found.shape) === String(leaf.shape) ? [] : [`'${prefix}${path}' has shape [${found.shape.join(', ')}] instead of [${leaf.shape.join(', ')}]`]
  })
  if (problems.length > 0) {
    const more = problems.length > 5 ? `, and ${problems.length - 5} more` : ''
    throw new TransferkitError('safetensors/does-not-fit', `${what}: it does not fit this model: ${problems.slice(0, 5).join(', ')}${more}.`)
  }
  return scope(() =>
    mapTree(template, (leaf, path) => {
      const entry = byName.get(`${prefix}${path}`)
      // Every leaf was looked up above.
      return entry === undefined ? leaf : tensor(floatsOf(entry), leaf.shape)
    }),
  )
}

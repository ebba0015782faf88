import { TransferkitError } from '../error.js'
import { isTensor } from '../tensor/upstream.js'
import type { AnyTensor, Tensor } from '../tensor/tensor.js'

/** A leaf, or named trees, or a list of trees. Parameters, gradients and optimiser states are trees of tensors. */
export type Tree<Leaf> = Leaf | { readonly [name: string]: Tree<Leaf> } | readonly Tree<Leaf>[]

/** A tree of floating-point tensors, such as the parameters of a model. */
export type TensorTree = Tensor | { readonly [name: string]: TensorTree } | readonly TensorTree[]

/** A tree of tensors of any type. */
export type AnyTensorTree = AnyTensor | { readonly [name: string]: AnyTensorTree } | readonly AnyTensorTree[]

/** A leaf with its dotted path, such as `stage1.block1.convolution1.filter`. */
export interface PathAndLeaf<Leaf> {
  /** Names from the root to the leaf, joined by dots. */
  readonly path: string
  /** The leaf. */
  readonly leaf: Leaf
}

/** A part of a tree that is not a leaf: named trees or a list of trees. */
export type Branch<Leaf> = { readonly [name: string]: Tree<Leaf> } | readonly Tree<Leaf>[]

/**
 * Whether a tree is a branch: a list or a plain object. Tensors, functions and instances of classes are leaves.
 *
 * @param tree Any tree, or any value as a tree.
 *
 * @example
 * ```ts
 * import { isBranch } from '@transferkit/tensor'
 *
 * isBranch({ bias: 1 }) // true
 * isBranch(1) // false
 * ```
 */
export const isBranch = <Leaf>(tree: Tree<Leaf>): tree is Branch<Leaf> => {
  if (typeof tree !== 'object' || tree === null || isTensor(tree)) return false
  if (Array.isArray(tree)) return true
  const prototype: unknown = Object.getPrototypeOf(tree)
  return prototype === Object.prototype || prototype === null
}

/** Lists of trees are visited by position, named trees in alphabetical order, so that a tree has one order whoever built it. */
const branches = <Leaf>(tree: Branch<Leaf>): readonly (readonly [string, Tree<Leaf>])[] =>
  Array.isArray(tree)
    ? tree.map((branch: Tree<Leaf>, index) => [String(index), branch] as const)
    : Object.entries(tree).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

const visit = <Leaf>(tree: Tree<Leaf>, path: string, found: PathAndLeaf<Leaf>[]): void => {
  if (isBranch(tree)) for (const [name, branch] of branches(tree)) visit(branch, join(path, name), found)
  else found.push({ path, leaf: tree })
}

const rebuild = <Leaf, Other>(tree: Tree<Leaf>, path: string, make: (leaf: Leaf, path: string) => Other): Tree<Other> => {
  if (!isBranch(tree)) return make(tree, path)
  const made = branches(tree).map(([name, branch]) => [name, rebuild(branch, join(path, name), make)] as const)
  return Array.isArray(tree) ? made.map(([, branch]) => branch) : Object.fromEntries(made)
}

/**
 * Leaves of a tree with their dotted paths, in alphabetical order of names.
 *
 * @param tree Any tree.
 *
 * @example
 * ```ts
 * import { flattenTree } from '@transferkit/tensor'
 *
 * flattenTree({ head: { bias: 1, weight: 2 } }).map(({ path }) => path) // ['head.bias', 'head.weight']
 * ```
 */
export const flattenTree = <Leaf>(tree: Tree<Leaf>): readonly PathAndLeaf<Leaf>[] => {
  const found: PathAndLeaf<Leaf>[] = []
  visit(tree, '', found)
  return found
}

/**
 * Leaves of a tree, in the order of {@link flattenTree}.
 *
 * @param tree Any tree.
 *
 * @example
 * ```ts
 * import { leavesOf } from '@transferkit/tensor'
 *
 * leavesOf({ second: 2, first: 1 }) // [1, 2]
 * ```
 */
export const leavesOf = <Leaf>(tree: Tree<Leaf>): readonly Leaf[] => flattenTree(tree).map(({ leaf }) => leaf)

/**
 * A tree of named trees from leaves with dotted paths: the reverse of {@link flattenTree} for trees without lists.
 *
 * @param leaves Leaves with their paths; no path may be the beginning of another.
 * @throws TransferkitError `tree/path-conflict` when two leaves cannot stand in one tree.
 *
 * @example
 * ```ts
 * import { unflattenTree } from '@transferkit/tensor'
 *
 * unflattenTree([{ path: 'head.bias', leaf: 1 }]) // { head: { bias: 1 } }
 * ```
 */
export const unflattenTree = <Leaf>(leaves: readonly PathAndLeaf<Leaf>[]): Tree<Leaf> => {
  interface Open {
    readonly [openBranch]: Map<string, Leaf | Open>
  }
  const isOpen = (node: unknown): node is Open => typeof node === 'object' && node !== null && openBranch in node
  const root: Open = { [openBranch]: new Map() }
  if (leaves.length === 1 && leaves[0]?.path === '') return leaves[0].leaf
  for (const { path, leaf } of leaves) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let open = root
    for (const name of names) {
      const next = open[openBranch].get(name)
      if (next !== undefined && !isOpen(next)) throw pathConflict(path)
      const child: Open = isOpen(next) ? next : { [openBranch]: new Map<string, Leaf | Open>() }
      open[openBranch].set(name, child)
      open = child
    }
    if (open[openBranch].has(last)) throw pathConflict(path)
    open[openBranch].set(last, leaf)
  }
  const close = (node: Leaf | Open): Tree<Leaf> =>
    isOpen(node) ? Object.fromEntries([...node[openBranch]].map(([name, child]) => [name, close(child)])) : node
  return close(root)
}

const openBranch = Symbol('open branch')

const pathConflict = (path: string): TransferkitError =>
  new TransferkitError('tree/path-conflict', `Two leaves cannot stand in one tree: '${path}' is named twice, or is the beginning of another path.`)

/**
 * Replaces every leaf of a tree, of any kind.
 *
 * @param tree Any tree.
 * @param make Makes the new leaf from a leaf and its dotted path.
 *
 * @example
 * ```ts
 * import { mapLeaves } from '@transferkit/tensor'
 *
 * mapLeaves({ bias: 1 }, (leaf) => leaf + 1) // { bias: 2 }
 * ```
 */
export const mapLeaves = <Leaf, Other>(tree: Tree<Leaf>, make: (leaf: Leaf, path: string) => Other): Tree<Other> => rebuild(tree, '', make)

/**
 * Replaces every tensor of a tree by another tensor of the same axes.
 *
 * @param tree A tree of tensors.
 * @param make Makes the new tensor from a tensor and its dotted path.
 *
 * @example
 * ```ts
 * import { mapTree, multiply, tensor } from '@transferkit/tensor'
 *
 * const halved = mapTree({ bias: tensor([2, 4], [2]) }, (leaf) => multiply(leaf, 0.5))
 * ```
 */
export const mapTree = <P extends TensorTree>(tree: P, make: (leaf: Tensor, path: string) => Tensor): P => {
  const structure: TensorTree = tree
  // The structure is kept leaf by leaf, which the compiler cannot follow through the recursion.
  return rebuild<Tensor, Tensor>(structure, '', make) as unknown as P
}

/**
 * Joins two trees of one structure tensor by tensor.
 *
 * @param left A tree of tensors; it gives the structure.
 * @param right A tree with the same paths.
 * @param make Makes the new tensor, of the axes of the left one, from both and their path.
 * @throws TransferkitError `tree/structure` when the paths differ; the message names the first that do.
 *
 * @example
 * ```ts
 * import { subtract, tensor, zipTrees } from '@transferkit/tensor'
 *
 * const moved = zipTrees({ bias: tensor([2], [1]) }, { bias: tensor([1], [1]) }, (parameter, gradient) => subtract(parameter, gradient))
 * ```
 */
export const zipTrees = <P extends TensorTree>(left: P, right: TensorTree, make: (left: Tensor, right: Tensor, path: string) => Tensor): P => {
  const others = new Map(flattenTree<Tensor>(right).map(({ path, leaf }) => [path, leaf]))
  const structure: TensorTree = left
  const joined = rebuild<Tensor, Tensor>(structure, '', (leaf, path) => {
    const other = others.get(path)
    if (other === undefined) throw structureMismatch(path, 'second')
    others.delete(path)
    return make(leaf, other, path)
  })
  const [extra] = others.keys()
  if (extra !== undefined) throw structureMismatch(extra, 'first')
  // As in mapTree.
  return joined as unknown as P
}

const structureMismatch = (path: string, which: string): TransferkitError =>
  new TransferkitError('tree/structure', `Two trees must have the same structure, but '${path}' is missing in the ${which} one.`)

/** Decides by dotted path and leaf, for example `(path) => path.startsWith('head.')`. */
export type TreePredicate<Leaf = Tensor> = (path: string, leaf: Leaf) => boolean

/** The two parts of a tree that a predicate divides; together they hold every leaf once. */
export interface TreePartition {
  /** Leaves for which the predicate holds. */
  readonly selected: TensorTree
  /** All other leaves. */
  readonly rest: TensorTree
}

/**
 * Divides a tree of tensors by a predicate. This is how parts are frozen: only the selected tree is differentiated.
 *
 * @param tree A tree of named trees.
 * @param predicate Decides for each leaf.
 *
 * @example
 * ```ts
 * import { partitionTree, tensor } from '@transferkit/tensor'
 *
 * const { selected, rest } = partitionTree({ body: { filter: tensor([1], [1]) }, head: { bias: tensor([0], [1]) } }, (path) => path.startsWith('head.'))
 * ```
 */
export const partitionTree = (tree: TensorTree, predicate: TreePredicate): TreePartition => {
  const leaves = flattenTree<Tensor>(tree)
  return {
    selected: unflattenTree(leaves.filter(({ path, leaf }) => predicate(path, leaf))),
    rest: unflattenTree(leaves.filter(({ path, leaf }) => !predicate(path, leaf))),
  }
}

/**
 * Puts trees with different paths together again: the reverse of {@link partitionTree}.
 *
 * @param trees Trees of named trees with no path in common.
 * @throws TransferkitError `tree/path-conflict` when two of them have a path in common.
 *
 * @example
 * ```ts
 * import { mergeTrees, tensor } from '@transferkit/tensor'
 *
 * const params = mergeTrees({ body: { filter: tensor([1], [1]) } }, { head: { bias: tensor([0], [1]) } })
 * ```
 */
export const mergeTrees = (...trees: readonly TensorTree[]): TensorTree =>
  // Leaves are tensors, so the tree is one of tensors.
  unflattenTree<Tensor>(trees.flatMap((tree) => flattenTree<Tensor>(tree)))

/**
 * The part of a tree under a dotted path.
 *
 * @param tree A tree of named trees.
 * @param path Names joined by dots; the empty path is the tree itself.
 * @throws TransferkitError `tree/no-such-path` when nothing stands there; the message lists what does.
 *
 * @example
 * ```ts
 * import { subtree, tensor } from '@transferkit/tensor'
 *
 * subtree({ head: { bias: tensor([0], [1]) } }, 'head')
 * ```
 */
export const subtree = <Leaf extends AnyTensor = Tensor>(tree: Tree<Leaf>, path: string): Tree<Leaf> => {
  let found = tree
  if (path === '') return found
  for (const name of path.split('.')) {
    const next: Tree<Leaf> | undefined = isBranch(found) ? new Map(branches(found)).get(name) : undefined
    if (next === undefined) {
      const names = isBranch(found) ? branches(found).map(([known]) => `'${known}'`).join(', ') : 'a tensor'
      throw new TransferkitError('tree/no-such-path', `No '${name}' on the path '${path}'; found ${names || 'an empty tree'} there.`)
    }
    found = next
  }
  return found
}

/**
 * Number of elements in all tensors of a tree, for counting parameters.
 *
 * @param tree A tree of tensors.
 *
 * @example
 * ```ts
 * import { countElements, zeros } from '@transferkit/tensor'
 *
 * countElements({ weight: zeros([3, 4]), bias: zeros([4]) }) // 16
 * ```
 */
export const countElements = (tree: AnyTensorTree): number => leavesOf<AnyTensor>(tree).reduce((count, { size }) => count + size, 0)

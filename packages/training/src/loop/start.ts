import { type AnyTensor, type AnyTensorTree, foldIn, identity, type Key, leavesOf, mapTree, type Optimiser, release, scope, type TensorTree, type TrainingState, type TransferProgram } from '@transferkit/tensor'
import type { Kept } from './checkpoint.js'

/** Ids of the tensors of a tree. @internal */
export const idsOf = (tree: AnyTensorTree): ReadonlySet<number> => new Set(leavesOf<AnyTensor>(tree).map(({ id }) => id))

/**
 * The state at the start: own copies of tensors that belong to somebody else, because each step frees the state of the one before.
 *
 * @param shared Ids of tensors that belong to somebody else.
 * @internal
 */
export const startOf = (program: TransferProgram, optimiser: Optimiser, key: Key, shared: ReadonlySet<number>): TrainingState & { readonly frozen: TensorTree } =>
  scope(() => {
    const { params, state, frozen } = program.init(foldIn(key, 'init'))
    const foreign = new Set([...shared, ...idsOf(frozen)])
    const owned = (tree: TensorTree): TensorTree => mapTree(tree, (leaf) => (foreign.has(leaf.id) ? identity(leaf) : leaf))
    const start = owned(params)
    return { params: start, state: owned(state), optimiser: optimiser.init(start), extra: program.initExtra?.(foldIn(key, 'extra'), start) ?? {}, frozen }
  })

/** A copy of a model, which later steps do not free. @internal */
export const copyOf = ({ params, state }: Kept): Kept => ({ params: mapTree(params, (leaf) => identity(leaf)), state: mapTree(state, (leaf) => identity(leaf)) })

/** Frees the tensors of trees, except some. @internal */
export const releaseAllBut = (kept: ReadonlySet<number>, ...trees: readonly AnyTensorTree[]): void => {
  release(leavesOf<AnyTensor>(trees).filter(({ id }) => !kept.has(id)))
}

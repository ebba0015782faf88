import { flattenTree, mapLeaves, mapTree, type Optimiser, partitionTree, scope, type Tensor, type TensorTree, TransferkitError, type Tree } from '@transferkit/tensor'

/** The part of parameters and optimiser's memory that a phase changes. @internal */
export interface TrainedPart {
  /** The trained ones among all parameters. */
  readonly params: (all: TensorTree) => TensorTree
  /** The optimiser's memory for them. */
  readonly memory: (all: TensorTree) => TensorTree
  /** A whole tree in which the trained part is another one. */
  readonly replace: (all: TensorTree, part: TensorTree) => TensorTree
}

/** All parameters are trained. @internal */
export const everything: TrainedPart = { params: (all) => all, memory: (all) => all, replace: (_all, part) => part }

const leavesByPath = (tree: TensorTree): ReadonlyMap<string, Tensor> => new Map(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf]))

/**
 * The part that a phase changes.
 *
 * The memory is always the one for all parameters: it was made for all of them at the start, and what belongs to held ones stays as it is, so that it begins
 * for those which join as the optimiser makes it, and goes on for those which pause.
 *
 * @param phase Name of the phase, for messages.
 * @param trains Whether a parameter is trained.
 * @param optimiser Says, by the memory that it makes for the trained parameters, which part of the whole memory is theirs.
 * @throws TransferkitError `training/phases` when nothing is trained, `training/optimiser-memory` when the memory for some parameters is no part of that for all.
 * @internal
 */
export const trainedPart = (phase: string, trains: (path: string) => boolean, optimiser: Optimiser, all: { readonly params: TensorTree; readonly optimiser: TensorTree }): TrainedPart => {
  const params = (tree: TensorTree): TensorTree => partitionTree(tree, trains).selected
  const trained = params(all.params)
  if (flattenTree<Tensor>(trained).length === 0) {
    throw new TransferkitError('training/phases', `Phase '${phase}' of the training: it trains none of the parameters ${[...leavesByPath(all.params).keys()].slice(0, 5).join(', ')}, ...`)
  }
  const known = leavesByPath(all.optimiser)
  const paths: Tree<string> = scope(() =>
    mapLeaves<Tensor, string>(optimiser.init(trained), (leaf, path) => {
      if (String(known.get(path)?.shape) === String(leaf.shape)) return path
      throw new TransferkitError('training/optimiser-memory', `Phase '${phase}' of the training: the optimiser's memory '${path}' for some of the parameters is no part of its memory for all. Keep what is remembered of a parameter under its path.`)
    }),
  )
  return {
    params,
    memory: (whole) => {
      const leaves = leavesByPath(whole)
      // Every path was found above, and each stands for a tensor.
      return mapLeaves<string, Tensor | undefined>(paths, (path) => leaves.get(path)) as TensorTree
    },
    replace: (whole, part) => {
      const leaves = leavesByPath(part)
      return mapTree<TensorTree>(whole, (leaf, path) => leaves.get(path) ?? leaf)
    },
  }
}

import {
  branchAt,
  flattenTree,
  type Key,
  mergeTrees,
  modulesInside,
  type Optimiser,
  partitionTree,
  type ProgramVariables,
  randomKey,
  scope,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  type TransferProgram,
} from '@transferkit/tensor'
import { classificationLoss, isHead } from '@transferkit/training'
import { isAdapterPath } from '../adapters/adapted-convolution.js'

/**
 * Decides which parameters domains have in common when the network itself is trained with them: all of the network but its batch norms and its head.
 *
 * @internal
 */
export const sharedPaths = ({ network, variables }: TrainedNetwork): ((path: string) => boolean) => {
  const known = new Set(flattenTree<Tensor>(variables.params).map(({ path }) => path))
  const batchNorms = modulesInside(network).flatMap(([path, { description }]) => (description.kind === 'batch-norm' ? [`${path}.`] : []))
  return (path) => known.has(path) && !isHead(path) && !isAdapterPath(path) && !batchNorms.some((prefix) => path.startsWith(prefix))
}

const pathsOf = (tree: TensorTree, chosen: (path: string) => boolean): ReadonlySet<string> =>
  new Set(flattenTree<Tensor>(tree).flatMap(({ path }) => (chosen(path) ? [path] : [])))

/** The frozen tree of a program with other parameters in it; one that has no parameters there stays as it is. */
const withFrozenParams = (frozen: TensorTree, change: (params: TensorTree) => TensorTree): TensorTree => {
  const params = change(branchAt(frozen, 'params'))
  // The frozen tree of a program has names.
  return flattenTree<Tensor>(params).length === 0 ? frozen : { ...(frozen as Readonly<Record<string, TensorTree>>), params }
}

/**
 * The program of a domain with its parameters in two parts, `own` and `shared`; what is shared stands with the parameters of the program itself, or in its frozen
 * tree.
 *
 * @param program The program of the domain.
 * @param start Makes its variables.
 * @param isShared Which parameters are shared.
 * @internal
 */
export const jointProgram = (program: TransferProgram, start: (key: Key) => ProgramVariables, isShared: (path: string) => boolean): TransferProgram => {
  const places = scope(() => {
    const { params, frozen } = start(randomKey(0))
    return { trained: pathsOf(params, isShared), frozen: pathsOf(branchAt(frozen, 'params'), isShared) }
  })

  const init = (key: Key): ProgramVariables => {
    const { params, state, frozen } = start(key)
    const trained = partitionTree(params, (path) => places.trained.has(path))
    const held = partitionTree(branchAt(frozen, 'params'), (path) => places.frozen.has(path))
    // As in withFrozenParams; here the tree may become empty.
    const rest = places.frozen.size === 0 ? frozen : { ...(frozen as Readonly<Record<string, TensorTree>>), params: held.rest }
    return { params: { own: trained.rest, shared: mergeTrees(trained.selected, held.selected) }, state, frozen: rest }
  }

  const together = ({ params, state, frozen }: ProgramVariables): ProgramVariables => {
    const { selected, rest } = partitionTree(branchAt(params, 'shared'), (path) => places.trained.has(path))
    return { params: mergeTrees(branchAt(params, 'own'), selected), state, frozen: withFrozenParams(frozen, (held) => mergeTrees(held, rest)) }
  }
  const lossOf = program.loss?.bind(program) ?? classificationLoss(program)

  return {
    init,
    forward: (variables, inputs, mode) => program.forward(together(variables), inputs, mode),
    loss: (inputs) => lossOf({ ...inputs, variables: together(inputs.variables) }),
  }
}

/**
 * An optimiser of parameters in two parts with a memory in two parts; paths are those inside a part.
 *
 * @internal
 */
export const jointOptimiser = (optimiser: Optimiser): Optimiser => {
  const parts = ['own', 'shared'] as const
  const byPart = (make: (part: (typeof parts)[number]) => TensorTree): TensorTree => Object.fromEntries(parts.map((part) => [part, make(part)]))
  return {
    specVersion: 1,
    init: (params) => byPart((part) => optimiser.init(branchAt(params, part))),
    update: (gradients, state, params, settings) => {
      const results = parts.map((part) => [part, optimiser.update(branchAt(gradients, part), branchAt(state, part), branchAt(params, part), settings)] as const)
      return {
        params: Object.fromEntries(results.map(([part, result]) => [part, result.params])),
        state: Object.fromEntries(results.map(([part, result]) => [part, result.state])),
      }
    },
  }
}

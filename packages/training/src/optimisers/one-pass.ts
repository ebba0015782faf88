import { type DescentStep, descentStep, flattenTree, mapTree, type Optimiser, type Tensor, type TensorTree } from '@transferkit/tensor'
import { groupsOf } from './gradient-descent.js'

/** What an optimiser does to one parameter in one pass, and where its memory stands. @internal */
export interface OnePass {
  /**
   * The step of a parameter.
   *
   * @param weightDecay Factor of its group on the decay.
   */
  readonly step: (weightDecay: number) => DescentStep
  /** Paths of the trees with the memory, in the order of the step. */
  readonly memory: readonly string[]
}

/**
 * The same optimiser in one pass over each parameter, where the backend has a kernel for that and nothing differentiates the update. Both give the same bits. @internal
 *
 * @param composed The optimiser.
 * @param pass The pass.
 */
export const inOnePass = (composed: Optimiser, { step, memory }: OnePass): Optimiser => ({
  ...composed,
  update: (gradients, state, params, settings) => {
    const at = (tree: TensorTree): ReadonlyMap<string, Tensor> => new Map(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf]))
    const [gradientAt, stateAt] = [at(gradients), at(state)]
    const { group, rateFor } = groupsOf(settings)
    const moved = new Map<string, Tensor>()
    const remembered = new Map<string, Tensor>()
    for (const { path, leaf } of flattenTree<Tensor>(params)) {
      const { learningRate, weightDecay } = group(path)
      const memoryPaths = memory.map((branch) => (path === '' ? branch : `${branch}.${path}`))
      const gradient = gradientAt.get(path)
      const before = memoryPaths.map((each) => stateAt.get(each)).filter((each) => each !== undefined)
      // A tree that does not fit is the other form's to complain of.
      const fits = gradient !== undefined && before.length === memory.length
      const made = fits ? descentStep(step(weightDecay), leaf, gradient, before, rateFor(learningRate)) : undefined
      if (made === undefined) return composed.update(gradients, state, params, settings)
      ;[path, ...memoryPaths].forEach((each, index) => {
        const [map, result] = [index === 0 ? moved : remembered, made[index]]
        if (result !== undefined && !(index === 0 && learningRate === 0)) map.set(each, result)
      })
    }
    return { params: mapTree(params, (leaf, path) => moved.get(path) ?? leaf), state: mapTree(state, (leaf, path) => remembered.get(path) ?? leaf) }
  },
})

import {
  add,
  branchAt,
  flattenTree,
  identity,
  identityMatrix,
  matMul,
  modulesInside,
  multiply,
  pad,
  replaceModules,
  reshape,
  scope,
  type Shape,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  unflattenTree,
  variable,
  zeros,
} from '@transferkit/tensor'
import { asScaleAndShift } from '../folding/scale-and-shift.js'
import { type AdaptedConvolution, centreOf, isAdaptedConvolution } from './adapted-convolution.js'
import { isDepthwise, withBias } from './convolution-settings.js'

/** A tensor of another shape, whose axes the compiler does not follow. */
const shaped = (x: Tensor, shape: Shape): Tensor => reshape(x, shape)

/** `w' = w` with the adapter on its middle. */
const foldParallel = (filter: Tensor, adapter: TensorTree): Tensor => {
  const [rows, columns] = [((filter.shape[0] ?? 1) - 1) / 2, ((filter.shape[1] ?? 1) - 1) / 2]
  return add(filter, pad(centreOf(adapter), [[rows, rows], [columns, columns], [0, 0], [0, 0]]))
}

/**
 * `y + α · norm(y)` is the linear map `y M + b α` with `M = I + diag(s) α`, where the batch norm is `y ⊙ s + b`; it goes into filter and bias. On a depthwise
 * convolution `α` and `M` are diagonal.
 */
const foldSeries = ({ convolution, children }: AdaptedConvolution, params: TensorTree, state: TensorTree): { readonly filter: Tensor; readonly bias: Tensor } => {
  const filter = variable(params, 'filter')
  const epsilon = Number(children['adapter']?.children['norm']?.description['epsilon'])
  const { scale, shift } = asScaleAndShift({ params: branchAt(params, 'adapter.norm'), state: branchAt(state, 'adapter.norm') }, epsilon)
  const adapter = variable(branchAt(params, 'adapter.convolution'), 'filter')
  const channels = scale.size
  const before: Tensor = convolution.description['bias'] === true ? variable(params, 'bias') : zeros([channels])
  const [height = 1, width = 1, inputs = 1, outputs = 1] = filter.shape
  if (isDepthwise(convolution.description)) {
    const alpha = shaped(adapter, [channels])
    const factor = add(multiply(scale, alpha), 1)
    return { filter: multiply(filter, shaped(factor, [inputs, outputs])), bias: add(multiply(before, factor), multiply(shift, alpha)) }
  }
  const alpha = shaped(adapter, [channels, channels])
  const map: Tensor = add(identityMatrix(channels), multiply(shaped(scale, [channels, 1]), alpha))
  const times = (rows: Tensor, shape: Shape, matrix: Tensor): Tensor => shaped(matMul(shaped(rows, [-1, channels]), matrix), shape)
  return { filter: times(filter, [height, width, inputs, channels], map), bias: add(times(before, [channels], map), times(shift, [channels], alpha)) }
}

/**
 * The plain network that computes the same as one with adapters: each adapter goes into the filter of its convolution, a series adapter into its bias too.
 *
 * It has exactly the cost of the network without adapters. A series adapter uses the running statistics of its batch norm, so the two are equal in inference mode.
 *
 * @param adapted The network; it is left as it is. One without adapters comes back as a copy.
 * @returns A network whose tensors are all new and belong to the caller.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { adaptNetwork, foldAdapters, lenet } from '@transferkit/vision'
 *
 * const network = adaptNetwork(lenet({ classes: 10, inputShape: [16, 16, 1] }), { kind: 'parallel', convolutions: ['stage2.convolution'] })
 * const plain = foldAdapters({ network, variables: network.init(randomKey(1), [1, 16, 16, 1]) })
 * ```
 */
export const foldAdapters = ({ network, variables }: TrainedNetwork): TrainedNetwork => {
  const adapted = modulesInside(network).flatMap(([path, module]) => (isAdaptedConvolution(module) ? [[path, module] as const] : []))
  const withoutAdapters = replaceModules(network, (_path, module) => {
    if (!isAdaptedConvolution(module)) return undefined
    return module.description['adapter'] === 'series' ? withBias(module.convolution) : module.convolution
  })
  return {
    network: withoutAdapters,
    variables: scope(() => {
      const folded = new Map<string, Tensor>()
      for (const [path, module] of adapted) {
        const [params, state] = [branchAt(variables.params, path), branchAt(variables.state, path)]
        if (module.description['adapter'] === 'series') {
          const { filter, bias } = foldSeries(module, params, state)
          folded.set(`${path}.filter`, filter).set(`${path}.bias`, bias)
        } else {
          folded.set(`${path}.filter`, foldParallel(variable(params, 'filter'), branchAt(params, 'adapter')))
        }
      }
      const isGone = (path: string): boolean => folded.has(path) || adapted.some(([place]) => path.startsWith(`${place}.adapter.`))
      const kept = (tree: TensorTree): { readonly path: string; readonly leaf: Tensor }[] =>
        flattenTree<Tensor>(tree).flatMap(({ path, leaf }) => (isGone(path) ? [] : [{ path, leaf: identity(leaf) }]))
      return {
        params: unflattenTree([...kept(variables.params), ...[...folded].map(([path, leaf]) => ({ path, leaf }))]),
        state: unflattenTree(kept(variables.state)),
      }
    }),
  }
}

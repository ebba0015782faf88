import { flattenTree, modulesInside, type Network, randomKey, scope, type Tensor } from '@transferkit/tensor'
import { type AdapterPlan, adaptNetwork } from '../adapters/adapt-network.js'

/** What adapters cost in a stage of a network. */
export interface StageAllocation {
  /** Name of the stage. */
  readonly stage: string
  /** Number of convolutions that have an adapter. */
  readonly convolutions: number
  /** Number of parameters in the filters of adapters that each domain has for itself. */
  readonly adapterParameters: number
  /** Number of parameters in the first halves of adapters with a rank, which all domains share. */
  readonly sharedParameters: number
  /** Number of scales and offsets of batch norms, those inside series adapters included: each domain has its own, adapters or not. */
  readonly batchNormParameters: number
  /** What one domain has for itself: adapters and batch norms. */
  readonly privateParameters: number
}

/**
 * Where a plan spends private parameters, stage by stage and without the head, to set accuracy against.
 *
 * The network is initialised once to count; where filters do not depend on the size of the images, one for small images is quicker.
 *
 * @param network The network without adapters.
 * @param plan Kind and places of the adapters.
 * @throws TransferkitError What {@link adaptNetwork} throws for a plan that cannot be.
 *
 * @example
 * ```ts
 * import { adapterAllocation, resnet26, selectConvolutions } from '@transferkit/vision'
 *
 * const network = resnet26({ classes: 10, widthFactor: 0.125 })
 * const late = selectConvolutions(network, ({ stage }) => stage === 'stage3')
 * const rows = adapterAllocation(network, { kind: 'parallel', convolutions: late })
 * ```
 */
export const adapterAllocation = (network: Network, plan: AdapterPlan): readonly StageAllocation[] => {
  const adapted = adaptNetwork(network, plan)
  const batchNorms = modulesInside(adapted).flatMap(([path, { description }]) => (description.kind === 'batch-norm' ? [`${path}.`] : []))
  const parameters = scope(() => flattenTree<Tensor>(adapted.init(randomKey(0), [1, ...adapted.inputShape]).params).map(({ path, leaf }) => ({ path, size: leaf.size })))
  return adapted.stages.map(({ name }) => {
    const count = (chosen: (path: string) => boolean): number =>
      parameters.reduce((sum, { path, size }) => (path.startsWith(`${name}.`) && chosen(path) ? sum + size : sum), 0)
    const isShared = (path: string): boolean => path.endsWith('.adapter.shared.filter')
    const adapterParameters = count((path) => path.includes('.adapter.') && path.endsWith('.filter') && !isShared(path))
    const batchNormParameters = count((path) => batchNorms.some((prefix) => path.startsWith(prefix)))
    return {
      stage: name,
      convolutions: plan.convolutions.filter((path) => path.startsWith(`${name}.`)).length,
      adapterParameters,
      sharedParameters: count(isShared),
      batchNormParameters,
      privateParameters: adapterParameters + batchNormParameters,
    }
  })
}

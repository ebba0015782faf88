import { type Module, modulesInside, type Network, type ParameterGroup } from '@transferkit/tensor'
import { isHead } from '@transferkit/training'
import { isAdaptedConvolution, isAdapterPath } from './adapted-convolution.js'

/** How the optimiser treats the parameters of an adapted network. @internal */
export interface AdapterGroups {
  /** Factors on the weight decay. */
  readonly weightDecay: { readonly shared: number; readonly adapters: number; readonly rest: number }
  /** Whether other parameters have a factor of their own, or inherit that of the filter in front of them. */
  readonly decayMode: 'intended' | 'reference'
  /** Factor on the learning rate of the head. */
  readonly headLearningRate: number
  /**
   * Whether a parameter is trained.
   *
   * @param path Its dotted path.
   */
  trains(path: string): boolean
}

const convolutionKinds = new Set(['convolution', 'depthwise-convolution'])

const hasFilter = (module: Module): boolean => isAdaptedConvolution(module) || convolutionKinds.has(module.description.kind)

const moduleOf = (path: string): string => path.slice(0, path.lastIndexOf('.'))

/**
 * Parameter groups of an adapted network.
 *
 * The official optimiser visits parameters in order, the filter of a convolution in front of its adapter and that in front of the batch norm, and sets the decay at
 * each filter; whatever follows keeps it (`reference`).
 *
 * @internal
 */
export const adapterGroups = (network: Network, groups: AdapterGroups): ((path: string) => ParameterGroup) => {
  const { weightDecay, decayMode, headLearningRate } = groups
  const ofFilter = (filter: string): number => (isAdapterPath(filter) ? weightDecay.adapters : weightDecay.shared)
  const inherited = new Map<string, number>()
  let last = weightDecay.rest
  for (const [path, module] of modulesInside(network)) {
    const filter = `${path}.filter`
    if (hasFilter(module) && groups.trains(filter)) last = ofFilter(filter)
    inherited.set(path, last)
  }
  const decayOf = (path: string): number => {
    if (path.endsWith('.filter')) return ofFilter(path)
    return decayMode === 'reference' ? (inherited.get(moduleOf(path)) ?? last) : weightDecay.rest
  }
  return (path) => ({ weightDecay: decayOf(path), ...(isHead(path) ? { learningRate: headLearningRate } : {}) })
}

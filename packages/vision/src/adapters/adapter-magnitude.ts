import { branchAt, type Inspection, modulesInside, type Network, readSync, type Tensor, variable, type Variables } from '@transferkit/tensor'
import { centreOf, isAdaptedConvolution } from './adapted-convolution.js'

const norm = (x: Tensor): number => Math.sqrt(readSync(x).reduce((total, value) => total + value * value, 0))

/**
 * How large each adapter is beside the filter that it adapts.
 *
 * @param network A network with adapters.
 * @param variables Its variables.
 *
 * @internal
 */
export const adapterMagnitude = (network: Network, variables: Variables): Inspection => {
  const found = modulesInside(network).flatMap(([path, module]) => {
    if (!isAdaptedConvolution(module)) return []
    const params = branchAt(variables.params, path)
    const kind = String(module.description['adapter'])
    const adapter: Tensor = kind === 'series' ? variable(branchAt(params, 'adapter.convolution'), 'filter') : centreOf(branchAt(params, 'adapter'))
    return [[path, norm(adapter) / norm(variable(params, 'filter'))] as const]
  })
  return {
    name: 'adapter-magnitude',
    title: 'How large the adapters are',
    rowAxis: 'convolution',
    valueAxis: 'Frobenius norm of the adapter over that of its filter',
    series: { adapter: Object.fromEntries(found) },
  }
}

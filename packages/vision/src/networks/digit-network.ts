import { globalAveragePoolLayer, maxPoolLayer, type Network, network, sequential } from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import type { NetworkOptions } from './network-options.js'

/**
 * A small network for digits: three 3×3 convolutions of 16, 32 and 64 channels with batch norm and rectifiers, two 2×2 maximum poolings, and the mean
 * over all positions. Taps: `stage1`, `stage2`, `stage3`, `pooled`.
 *
 * @param options Classes (10 unless told) and input shape (`[28, 28, 1]` unless told).
 *
 * @example
 * ```ts
 * import { digitNetwork } from '@transferkit/vision'
 *
 * const source = digitNetwork()
 * ```
 */
export const digitNetwork = ({ classes = 10, inputShape = [28, 28, 1] }: Partial<NetworkOptions> = {}): Network => {
  const pool = maxPoolLayer({ size: 2 })
  return network({
    name: 'digit-network',
    inputShape,
    classes,
    stages: [
      { name: 'stage1', module: sequential({ layer1: convolutionBlock({ channels: 16 }) }) },
      { name: 'stage2', module: sequential({ pool, layer1: convolutionBlock({ channels: 32 }) }) },
      { name: 'stage3', module: sequential({ pool, layer1: convolutionBlock({ channels: 64 }) }) },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })
}

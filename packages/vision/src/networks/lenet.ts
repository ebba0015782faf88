import { convolutionLayer, denseLayer, type Images, layer, maxPoolLayer, type Module, type Network, network, reluLayer, reshape, sequential, transpose, type Vectors } from '@transferkit/tensor'
import type { NetworkOptions } from './network-options.js'

/** All values of an image in one row, channel by channel as in PyTorch, so that the weights of the layer behind are in the same order. */
const flattenByChannel = (): Module<Images, Vectors> =>
  layer<Images, Vectors>({
    description: { kind: 'flatten-by-channel' },
    apply: (_variables, x) => ({ output: reshape(transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]) }),
  })

/**
 * LeNet-5 (LeCun et al. 1998) as it is written today, with rectifiers and maximum pooling: 5×5 convolutions of 6 and 16 channels, then layers of
 * 120 and 84 units. Taps: `stage1`, `stage2` (each before its pooling), `hidden1`, `hidden2`.
 *
 * @param options Classes (10 unless told) and input shape (`[28, 28, 1]` unless told).
 *
 * @example
 * ```ts
 * import { lenet } from '@transferkit/vision'
 *
 * const source = lenet()
 * ```
 */
export const lenet = ({ classes = 10, inputShape = [28, 28, 1] }: Partial<NetworkOptions> = {}): Network => {
  const pool = maxPoolLayer({ size: 2 })
  const relu = reluLayer()
  return network({
    name: 'lenet',
    inputShape,
    classes,
    stages: [
      { name: 'stage1', module: sequential({ convolution: convolutionLayer({ channels: 6, kernelSize: 5, padding: 2, bias: true }), relu }) },
      { name: 'stage2', module: sequential({ pool, convolution: convolutionLayer({ channels: 16, kernelSize: 5, bias: true }), relu }) },
      { name: 'hidden1', module: sequential({ pool, flat: flattenByChannel(), dense: denseLayer({ units: 120 }), relu }) },
      { name: 'hidden2', module: sequential({ dense: denseLayer({ units: 84 }), relu }) },
    ],
  })
}

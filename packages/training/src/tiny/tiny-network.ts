import { batchNormLayer, convolutionLayer, globalAveragePoolLayer, maxPoolLayer, network, type Network, reluLayer, sequential } from '@transferkit/tensor'

/**
 * A small network for `[8, 8, 1]` images: two stages of convolution, batch norm and rectifier with a pooling between, and a global average.
 *
 * @param classes Number of classes.
 *
 * @example
 * ```ts
 * import { tinyNetwork } from '@transferkit/training/tiny'
 *
 * const source = tinyNetwork(3)
 * ```
 */
export const tinyNetwork = (classes: number): Network => {
  const stage = (channels: number): ReturnType<typeof sequential> =>
    sequential({ convolution: convolutionLayer({ channels, kernelSize: 3, padding: 1 }), norm: batchNormLayer(), relu: reluLayer() })
  return network({
    name: 'tiny',
    inputShape: [8, 8, 1],
    stages: [
      { name: 'stage1', module: stage(4) },
      { name: 'pool', module: maxPoolLayer({ size: 2 }) },
      { name: 'stage2', module: stage(6) },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
    classes,
  })
}

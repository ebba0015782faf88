import { globalAveragePoolLayer, heNormalFanOut, maxPoolLayer, type Module, type Network, network, sequential } from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import type { NetworkOptions } from './network-options.js'

/** Settings of {@link vgg9}. */
export interface Vgg9Options extends NetworkOptions {
  /** Widths of the layers, stage by stage; those of the paper unless told. */
  readonly widths?: readonly (readonly number[])[]
}

/** Layers of each stage; a 2×2 maximum pooling follows every stage. */
const vgg9Widths = [[64], [128], [256, 256], [512, 512], [512, 512]]

/**
 * VGG-9 with batch norm: eight 3×3 convolutions in five stages, and one linear layer on the mean. Taps: `stage1` ... `stage5`, each *before* its
 * maximum pooling, and `pooled`.
 *
 * It is the target network of Jang et al. (2019) for small images, and equals `vgg9_bn` of alinlab/L2T-ww (commit f4dde04) layer by layer; convolutions
 * have biases there, although batch norm follows.
 *
 * @param options Classes, widths, and input shape (`[32, 32, 3]` unless told).
 *
 * @example
 * ```ts
 * import { vgg9 } from '@transferkit/vision'
 *
 * const target = vgg9({ classes: 10 })
 * ```
 */
export const vgg9 = ({ classes, inputShape = [32, 32, 3], widths = vgg9Widths }: Vgg9Options): Network => {
  const pool = maxPoolLayer({ size: 2 })
  const layers = (stage: readonly number[]): Record<string, Module> =>
    Object.fromEntries(stage.map((channels, index) => [`layer${index + 1}`, convolutionBlock({ channels, bias: true, initialiser: heNormalFanOut })]))
  return network({
    name: 'vgg9',
    inputShape,
    classes,
    stages: [
      ...widths.map((stage, index) => ({ name: `stage${index + 1}`, module: sequential(index === 0 ? layers(stage) : { pool, ...layers(stage) }) })),
      { name: 'pooled', module: sequential({ pool, mean: globalAveragePoolLayer() }) },
    ],
  })
}

import { batchNormLayer, composite, convolutionLayer, depthwiseConvolutionLayer, globalAveragePoolLayer, heNormalFanOut, type Images, type Module, type Network, network, sequential } from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import { divisibleChannels } from './divisible-channels.js'
import type { NetworkOptions } from './network-options.js'
import { type Rectifier, rectifierLayer } from './rectifier.js'

/** Settings of {@link mobilenetV1}. */
export interface MobilenetV1Options extends NetworkOptions {
  /** Factor on all widths, which are then rounded to multiples of 8; 1 unless told, as in the paper. Its usual values are 0.25, 0.5, 0.75 and 1. */
  readonly widthFactor?: number
  /** The rectifier after every batch norm; `relu` unless told, as in the paper. timm's and TensorFlow's weights were trained with `relu6`. */
  readonly activation?: Rectifier
}

/** Channels of the blocks; a stage begins where the maps are halved. */
const stages = [[64], [128, 128], [256, 256], [512, 512, 512, 512, 512, 512], [1024, 1024]]

const initialiser = heNormalFanOut

const separableBlock = (channels: number, strides: number, activation: Rectifier): Module =>
  composite({
    description: { kind: 'depthwise-separable-block', channels, strides, activation },
    children: {
      convolution1: depthwiseConvolutionLayer({ kernelSize: 3, strides, padding: 1, initialiser }),
      norm1: batchNormLayer(),
      convolution2: convolutionLayer({ channels, kernelSize: 1, initialiser }),
      norm2: batchNormLayer(),
      relu: rectifierLayer(activation),
    },
    forward: (run, x: Images) => {
      const filtered = run('relu', run('norm1', run('convolution1', x)))
      return run('relu', run('norm2', run('convolution2', filtered)))
    },
  })

/**
 * MobileNet v1 (Howard et al. 2017): a 3×3 convolution of step 2, then 13 blocks of a 3×3 depthwise and a 1×1 convolution, each with batch norm and a
 * rectifier. Taps, each the last map of its size: `stem`, `stage1` (as large as the stem), `stage2`, `stage3`, `stage4`, `stage5`, `pooled`.
 *
 * Borders are the same on all sides, as in timm's `mobilenetv1_100`, whose names import and export use; TensorFlow's own weights expect `'same'` borders
 * instead. 4,231,976 parameters with 1000 classes.
 *
 * @param options Classes, input shape (`[224, 224, 3]` unless told), width factor, rectifier.
 *
 * @example
 * ```ts
 * import { mobilenetV1 } from '@transferkit/vision'
 *
 * const narrow = mobilenetV1({ classes: 1000, widthFactor: 0.25 })
 * ```
 */
export const mobilenetV1 = ({ classes, inputShape = [224, 224, 3], widthFactor = 1, activation = 'relu' }: MobilenetV1Options): Network => {
  const scaled = (channels: number): number => divisibleChannels(channels * widthFactor, 8)
  return network({
    name: widthFactor === 1 ? 'mobilenet-v1' : `mobilenet-v1-${widthFactor}`,
    inputShape,
    classes,
    stages: [
      { name: 'stem', module: convolutionBlock({ channels: scaled(32), strides: 2, activation, initialiser }) },
      ...stages.map((widths, stage) => ({
        name: `stage${stage + 1}`,
        module: sequential(
          Object.fromEntries(widths.map((channels, block) => [`block${block + 1}`, separableBlock(scaled(channels), stage > 0 && block === 0 ? 2 : 1, activation)])),
        ),
      })),
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })
}

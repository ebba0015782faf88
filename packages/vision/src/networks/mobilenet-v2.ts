import {
  add,
  batchNormLayer,
  composite,
  convolutionLayer,
  depthwiseConvolutionLayer,
  dropoutLayer,
  globalAveragePoolLayer,
  heNormalFanOut,
  type Images,
  type Initialiser,
  type Module,
  type Network,
  network,
  randomNormal,
  relu6Layer,
  sequential,
} from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import { divisibleChannels } from './divisible-channels.js'
import type { NetworkOptions } from './network-options.js'

/** Inverted residual blocks of one width, one after the other. */
export interface InvertedResidualGroup {
  /** How many times as many channels a block has inside as it takes; with 1 it has no convolution for that. */
  readonly expansion: number
  /** Output channels before the width factor. */
  readonly channels: number
  /** Number of blocks. */
  readonly blocks: number
  /** Step of the first block, 1 or 2. */
  readonly strides: number
}

/** Settings of {@link mobilenetV2}. */
export interface MobilenetV2Options extends NetworkOptions {
  /** Factor on all widths, which are then rounded to multiples of `divisor`; 1 unless told, as in the paper. Below 1 the last convolution keeps its 1280 channels. */
  readonly widthFactor?: number
  /** What all widths are multiples of; 8 unless told, as in torchvision. */
  readonly divisor?: number
  /** The blocks; those of the paper unless told. */
  readonly groups?: readonly InvertedResidualGroup[]
  /** Probability that an element of the feature is dropped in training; 0.2 unless told, as in torchvision. */
  readonly dropout?: number
}

/** Sandler et al. (2018), table 2. */
const paperGroups: readonly InvertedResidualGroup[] = [
  { expansion: 1, channels: 16, blocks: 1, strides: 1 },
  { expansion: 6, channels: 24, blocks: 2, strides: 2 },
  { expansion: 6, channels: 32, blocks: 3, strides: 2 },
  { expansion: 6, channels: 64, blocks: 4, strides: 2 },
  { expansion: 6, channels: 96, blocks: 3, strides: 1 },
  { expansion: 6, channels: 160, blocks: 3, strides: 2 },
  { expansion: 6, channels: 320, blocks: 1, strides: 1 },
]

/** torchvision divides by the outputs of the whole layer, `size² · channels`, although one channel of a depthwise convolution feeds only one output. */
const depthwiseFanOut: Initialiser = (key, shape) => randomNormal(key, shape, 0, Math.sqrt(2 / shape.reduce((product, size) => product * size, 1)))

interface Block {
  readonly inputs: number
  readonly channels: number
  readonly expansion: number
  readonly strides: number
  /** Which group it belongs to, counted from 1; some names in PyTorch go by it. */
  readonly group: number
}

/** A 1×1 convolution to more channels, a depthwise one, and a 1×1 convolution to few channels without a rectifier; the input is added where shapes agree. */
const invertedResidualBlock = ({ inputs, channels, expansion, strides, group }: Block): Module => {
  const residual = strides === 1 && inputs === channels
  const widen = convolutionLayer({ channels: inputs * expansion, kernelSize: 1, initialiser: heNormalFanOut })
  const filter = depthwiseConvolutionLayer({ kernelSize: 3, strides, padding: 1, initialiser: depthwiseFanOut })
  const narrow = convolutionLayer({ channels, kernelSize: 1, initialiser: heNormalFanOut })
  const description = { kind: 'inverted-residual-block', channels, expansion, strides, residual, group }
  const relu = relu6Layer()
  const finished = (x: Images, branch: ReturnType<typeof add>): ReturnType<typeof add> => (residual ? add(branch, x) : branch)
  return expansion === 1
    ? composite({
        description,
        children: { convolution1: filter, norm1: batchNormLayer(), convolution2: narrow, norm2: batchNormLayer(), relu },
        forward: (run, x: Images) => {
          const filtered = run('relu', run('norm1', run('convolution1', x)))
          return finished(x, run('norm2', run('convolution2', filtered)))
        },
      })
    : composite({
        description,
        children: { convolution1: widen, norm1: batchNormLayer(), convolution2: filter, norm2: batchNormLayer(), convolution3: narrow, norm3: batchNormLayer(), relu },
        forward: (run, x: Images) => {
          const wide = run('relu', run('norm1', run('convolution1', x)))
          const filtered = run('relu', run('norm2', run('convolution2', wide)))
          return finished(x, run('norm3', run('convolution3', filtered)))
        },
      })
}

/**
 * MobileNet v2 (Sandler et al. 2018): a 3×3 convolution of step 2, inverted residual blocks, a 1×1 convolution to 1280 channels, and dropout on the feature.
 * Taps, each the last map of its size: `stem`, `stage1` (as large as the stem), `stage2`, `stage3`, `stage4`, `stage5` (with the last convolution), `pooled`
 * (with the dropout).
 *
 * It equals torchvision's `mobilenet_v2` and timm's `mobilenetv2_*` tensor by tensor; 3,504,872 parameters with 1000 classes. The head starts as PyTorch's
 * linear layers do.
 *
 * @param options Classes, input shape (`[224, 224, 3]` unless told), width factor, divisor, blocks, dropout.
 *
 * @example
 * ```ts
 * import { mobilenetV2 } from '@transferkit/vision'
 *
 * const source = mobilenetV2({ classes: 1000 })
 * ```
 */
export const mobilenetV2 = ({ classes, inputShape = [224, 224, 3], widthFactor = 1, divisor = 8, groups = paperGroups, dropout = 0.2 }: MobilenetV2Options): Network => {
  const scaled = (channels: number): number => divisibleChannels(channels * widthFactor, divisor)
  const stem = scaled(32)
  const stages: Record<string, Module>[] = [{}]
  let inputs = stem
  groups.forEach(({ expansion, channels, blocks, strides }, index) => {
    for (let position = 0; position < blocks; position++) {
      const step = position === 0 ? strides : 1
      const open = stages.at(-1) ?? {}
      const stage = step === 1 || Object.keys(open).length === 0 ? open : {}
      if (stage !== open) stages.push(stage)
      const outputs = scaled(channels)
      stage[`block${Object.keys(stage).length + 1}`] = invertedResidualBlock({ inputs, channels: outputs, expansion, strides: step, group: index + 1 })
      inputs = outputs
    }
  })
  const last = convolutionBlock({ channels: divisibleChannels(1280 * Math.max(1, widthFactor), divisor), kernelSize: 1, activation: 'relu6', initialiser: heNormalFanOut })
  return network({
    name: widthFactor === 1 ? 'mobilenet-v2' : `mobilenet-v2-${widthFactor}`,
    inputShape,
    classes,
    stages: [
      { name: 'stem', module: convolutionBlock({ channels: stem, strides: 2, activation: 'relu6', initialiser: heNormalFanOut }) },
      ...stages.map((stage, index) => ({ name: `stage${index + 1}`, module: sequential(index === stages.length - 1 ? { ...stage, last } : stage) })),
      { name: 'pooled', module: sequential({ mean: globalAveragePoolLayer(), dropout: dropoutLayer(dropout) }) },
    ],
  })
}

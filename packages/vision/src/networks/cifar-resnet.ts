import { globalAveragePoolLayer, heNormal, heNormalFanOut, identityLayer, type Initialiser, type Module, type Network, network, type Shape, TransferkitError } from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import type { NetworkOptions } from './network-options.js'
import { residualStage } from './residual-block.js'
import { projectionShortcut, subsamplingShortcut } from './shortcuts.js'

/** Settings of {@link cifarResnet}. */
export interface CifarResnetOptions extends Partial<NetworkOptions> {
  /** Number of layers with weights, `6n + 2`: 20, 32, 44, 56 and so on. */
  readonly depth: number
  /** Where maps shrink: `A` takes every second position and adds channels of zeros, `B` projects; `A` unless told, as in the paper. */
  readonly shortcut?: 'A' | 'B'
}

interface Family {
  readonly name: string
  readonly depth: number
  readonly shortcut: 'A' | 'B'
  readonly stemBias: boolean
  readonly initialiser: Initialiser
  readonly classes: number
  readonly inputShape: Shape
}

const widths = [16, 32, 64]

/** A stem of 16 channels, three stages of 16, 32 and 64 channels that halve the maps twice, and the mean over all positions. */
const family = ({ name, depth, shortcut, stemBias, initialiser, classes, inputShape }: Family): Network => {
  const blocks = (depth - 2) / 6
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new TransferkitError('network/depth', `A CIFAR ResNet has 6n + 2 layers, such as 20, 32, 44 or 56, but the depth is ${depth}.`)
  }
  const shrinking = (channels: number): Module => (shortcut === 'A' ? (subsamplingShortcut(channels)) : projectionShortcut(channels, 2, initialiser))
  return network({
    name,
    inputShape,
    classes,
    stages: [
      { name: 'stem', module: convolutionBlock({ channels: 16, bias: stemBias, initialiser }) },
      ...widths.map((channels, index) => ({
        name: `stage${index + 1}`,
        module: residualStage({
          blocks,
          channels,
          strides: index === 0 ? 1 : 2,
          firstShortcut: index === 0 ? identityLayer() : shrinking(channels),
          shortcut: identityLayer(),
          initialiser,
        }),
      })),
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })
}

/**
 * A ResNet for small images after He et al. (2015), section 4.2. Taps: `stem`, `stage1`, `stage2`, `stage3`, `pooled`.
 *
 * With shortcut `A` it equals the PyTorch networks of akamaster/pytorch_resnet_cifar10 (commit d5489e8) layer by layer.
 *
 * @param options Depth, shortcut, classes (10 unless told) and input shape (`[32, 32, 3]` unless told).
 * @throws TransferkitError `network/depth` when the depth is not `6n + 2`.
 *
 * @example
 * ```ts
 * import { cifarResnet } from '@transferkit/vision'
 *
 * const source = cifarResnet({ depth: 20 })
 * ```
 */
export const cifarResnet = ({ depth, shortcut = 'A', classes = 10, inputShape = [32, 32, 3] }: CifarResnetOptions): Network =>
  family({ name: `cifar-resnet${depth}${shortcut === 'A' ? '' : '-b'}`, depth, shortcut, stemBias: false, initialiser: heNormal, classes, inputShape })

/** Settings of {@link tinyImagenetResnet}. */
export interface TinyImagenetResnetOptions extends Partial<NetworkOptions> {
  /** Number of layers with weights, `6n + 2`; 32 unless told. */
  readonly depth?: number
}

/**
 * The source network of Jang et al. (2019), trained on Tiny ImageNet at 32×32: a CIFAR ResNet with projection shortcuts and a bias in its first
 * convolution. Taps: `stem`, `stage1`, `stage2`, `stage3`, `pooled`.
 *
 * It equals `CResNet` of alinlab/L2T-ww (commit f4dde04) layer by layer.
 *
 * @param options Depth, classes (200 unless told) and input shape (`[32, 32, 3]` unless told).
 * @throws TransferkitError `network/depth` when the depth is not `6n + 2`.
 *
 * @example
 * ```ts
 * import { tinyImagenetResnet } from '@transferkit/vision'
 *
 * const source = tinyImagenetResnet()
 * ```
 */
export const tinyImagenetResnet = ({ depth = 32, classes = 200, inputShape = [32, 32, 3] }: TinyImagenetResnetOptions = {}): Network =>
  family({ name: `tiny-imagenet-resnet${depth}`, depth, shortcut: 'B', stemBias: true, initialiser: heNormalFanOut, classes, inputShape })

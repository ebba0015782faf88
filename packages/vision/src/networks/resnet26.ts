import { batchNormLayer, globalAveragePoolLayer, heNormalFanOut, identityLayer, type Network, network, reluLayer, sequential, TransferkitError } from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import type { NetworkOptions } from './network-options.js'
import { residualStage } from './residual-block.js'
import { poolingShortcut } from './shortcuts.js'

/** Settings of {@link resnet26}. */
export interface Resnet26Options extends NetworkOptions {
  /** Factor on all widths; 1 unless told, the widths of the official code. */
  readonly widthFactor?: number
  /** Blocks in each of the three stages; 4, 4, 4 unless told, as in the official code, which makes 26 layers. */
  readonly blocks?: readonly [number, number, number]
}

const widths = [64, 128, 256]

/** Every stage halves the maps, so the size must be divisible by 2 once a stage. */
const sizeStep = 2 ** widths.length

const checkSize = (size: number, axis: string): void => {
  if (size % sizeStep === 0 && size > 0) return
  const next = Math.ceil(Math.max(size, 1) / sizeStep) * sizeStep
  throw new TransferkitError('network/odd-map', `ResNet-26 halves its maps three times and cannot take odd ones, but the ${axis} of the images is ${size}. Use multiples of ${sizeStep}; the next is ${next}.`)
}

/**
 * The ResNet-26 of Rebuffi et al. (2017, 2018) without adapters. Taps: `stem`, `stage1`, `stage2`, `stage3`, `pooled`.
 *
 * All convolutions are 3×3 without bias; the stem has no rectifier; shortcuts have no weights (2×2 means and channels of zeros); batch norm and a rectifier
 * stand once more before the pooling. It equals the official network (srebuffi/residual_adapters, commit 5c51aa3) layer by layer.
 *
 * @param options Classes, width factor, blocks, and input shape (`[64, 64, 3]` unless told).
 * @throws TransferkitError `network/odd-map` when height or width is not a multiple of 8; the message names the next size that is.
 *
 * @example
 * ```ts
 * import { resnet26 } from '@transferkit/vision'
 *
 * const small = resnet26({ classes: 10, widthFactor: 0.25 })
 * ```
 */
export const resnet26 = ({ classes, inputShape = [64, 64, 3], widthFactor = 1, blocks = [4, 4, 4] }: Resnet26Options): Network => {
  checkSize(inputShape[0] ?? 0, 'height')
  checkSize(inputShape[1] ?? 0, 'width')
  const initialiser = heNormalFanOut
  const scaled = (width: number): number => Math.floor(width * widthFactor)
  return network({
    name: 'resnet26',
    inputShape,
    classes,
    stages: [
      { name: 'stem', module: convolutionBlock({ channels: scaled(32), activation: 'none', initialiser }) },
      ...widths.map((width, index) => ({
        name: `stage${index + 1}`,
        module: residualStage({
          blocks: blocks[index] ?? 0,
          channels: scaled(width),
          strides: 2,
          firstShortcut: poolingShortcut(scaled(width)),
          shortcut: identityLayer(),
          initialiser,
        }),
      })),
      { name: 'pooled', module: sequential({ norm: batchNormLayer(), relu: reluLayer(), mean: globalAveragePoolLayer() }) },
    ],
  })
}

import { globalAveragePoolLayer, heNormalFanOut, identityLayer, maxPoolLayer, type Module, type Network, network, sequential } from '@transferkit/tensor'
import { convolutionBlock } from './convolution-block.js'
import type { NetworkOptions } from './network-options.js'
import { blockExpansion, type ResidualBlockKind, residualBlocks } from './residual-block.js'
import { projectionShortcut } from './shortcuts.js'

/** Settings of {@link resnet18}, {@link resnet34} and {@link resnet50}. */
export interface ResnetOptions extends NetworkOptions {
  /** Channels of the 3×3 convolutions of the four stages; 64, 128, 256, 512 unless told, as in the paper. The stem has as many as the first stage. */
  readonly widths?: readonly [number, number, number, number]
  /**
   * How the network begins. `imagenet`, unless told, as in the paper: a 7×7 convolution of step 2 and a 3×3 maximum pooling of step 2, which quarter the maps.
   * `small`: a 3×3 convolution of step 1 and no pooling, the usual change for images of 32 or 64 pixels, which the other stem would shrink to a few positions.
   */
  readonly stem?: 'imagenet' | 'small'
  /**
   * Whether the last batch norm of each block starts at zero, so that every block starts as its shortcut (Goyal et al. 2017); false unless told, as in
   * torchvision.
   */
  readonly zeroInitResidual?: boolean
}

interface Architecture {
  readonly name: string
  readonly block: ResidualBlockKind
  readonly blocks: readonly number[]
}

const initialiser = heNormalFanOut

const resnet = (
  { name, block, blocks }: Architecture,
  { classes, inputShape = [224, 224, 3], widths = [64, 128, 256, 512], stem = 'imagenet', zeroInitResidual = false }: ResnetOptions,
): Network => {
  const small = stem === 'small'
  const expansion = blockExpansion[block]
  const stage = (index: number): Readonly<Record<string, Module>> => {
    const channels = widths[index] ?? 0
    const inputs = index === 0 ? widths[0] : (widths[index - 1] ?? 0) * expansion
    const strides = index === 0 ? 1 : 2
    const outputs = channels * expansion
    return residualBlocks({
      block,
      blocks: blocks[index] ?? 0,
      channels,
      strides,
      firstShortcut: strides === 1 && inputs === outputs ? identityLayer() : projectionShortcut(outputs, strides, initialiser),
      shortcut: identityLayer(),
      initialiser,
      lastScale: zeroInitResidual ? 0 : 1,
    })
  }
  const pool = maxPoolLayer({ size: 3, strides: 2, padding: 1 })
  return network({
    name: small ? `${name}-small` : name,
    inputShape,
    classes,
    stages: [
      { name: 'stem', module: convolutionBlock({ channels: widths[0], initialiser, ...(small ? {} : { kernelSize: 7, strides: 2 }) }) },
      { name: 'stage1', module: sequential(small ? stage(0) : { pool, ...stage(0) }) },
      ...[1, 2, 3].map((index) => ({ name: `stage${index + 1}`, module: sequential(stage(index)) })),
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })
}

/**
 * ResNet-18 (He et al. 2015): 2, 2, 2 and 2 basic blocks. Taps: `stem` (before the maximum pooling), `stage1`, `stage2`, `stage3`, `stage4`, `pooled`.
 *
 * It equals torchvision's `resnet18` (and timm's) tensor by tensor; 11,689,512 parameters with 1000 classes.
 *
 * @param options Classes, input shape (`[224, 224, 3]` unless told), widths, stem, start.
 *
 * @example
 * ```ts
 * import { resnet18 } from '@transferkit/vision'
 *
 * const source = resnet18({ classes: 1000 })
 * const forSmallImages = resnet18({ classes: 10, inputShape: [32, 32, 3], stem: 'small' })
 * ```
 */
export const resnet18 = (options: ResnetOptions): Network => resnet({ name: 'resnet18', block: 'basic', blocks: [2, 2, 2, 2] }, options)

/**
 * ResNet-34 (He et al. 2015): 3, 4, 6 and 3 basic blocks. Taps: `stem` (before the maximum pooling), `stage1`, `stage2`, `stage3`, `stage4`, `pooled`.
 *
 * It equals torchvision's `resnet34` (and timm's) tensor by tensor; 21,797,672 parameters with 1000 classes.
 *
 * @param options Classes, input shape (`[224, 224, 3]` unless told), widths, stem, start.
 *
 * @example
 * ```ts
 * import { resnet34 } from '@transferkit/vision'
 *
 * const source = resnet34({ classes: 1000 })
 * ```
 */
export const resnet34 = (options: ResnetOptions): Network => resnet({ name: 'resnet34', block: 'basic', blocks: [3, 4, 6, 3] }, options)

/**
 * ResNet-50 (He et al. 2015): 3, 4, 6 and 3 bottleneck blocks, with the step on the 3×3 convolution. Taps: `stem` (before the maximum pooling), `stage1`,
 * `stage2`, `stage3`, `stage4`, `pooled`.
 *
 * It equals torchvision's `resnet50` (and timm's) tensor by tensor; 25,557,032 parameters with 1000 classes.
 *
 * @param options Classes, input shape (`[224, 224, 3]` unless told), widths, stem, start.
 *
 * @example
 * ```ts
 * import { resnet50 } from '@transferkit/vision'
 *
 * const source = resnet50({ classes: 1000 })
 * ```
 */
export const resnet50 = (options: ResnetOptions): Network => resnet({ name: 'resnet50', block: 'bottleneck', blocks: [3, 4, 6, 3] }, options)

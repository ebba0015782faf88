import { add, batchNormLayer, composite, convolutionLayer, type Images, type Initialiser, type Module, reluLayer, sequential } from '@transferkit/tensor'

/** The two residual blocks of He et al. (2015): two 3×3 convolutions, or one between two 1×1 convolutions. */
export type ResidualBlockKind = 'basic' | 'bottleneck'

/** Output channels of a block, as a multiple of the channels of its 3×3 convolution. */
export const blockExpansion: Readonly<Record<ResidualBlockKind, number>> = { basic: 1, bottleneck: 4 }

interface ResidualBlockOptions {
  /** Number of channels of the 3×3 convolutions. */
  readonly channels: number
  /** Step of the first 3×3 convolution; 1 unless told. */
  readonly strides?: number
  /** What stands beside the convolutions. */
  readonly shortcut: Module
  /** Start of the filters. */
  readonly initialiser: Initialiser
  /** Start of the scale of the last batch norm. */
  readonly lastScale: number
}

/** `relu(norm(conv(relu(norm(conv(x))))) + shortcut(x))`, with 3×3 convolutions. */
const basicBlock = ({ channels, strides = 1, shortcut, initialiser, lastScale }: ResidualBlockOptions): Module =>
  composite({
    description: { kind: 'residual-block', channels, strides, activation: 'relu' },
    children: {
      convolution1: convolutionLayer({ channels, kernelSize: 3, strides, padding: 1, initialiser }),
      norm1: batchNormLayer(),
      convolution2: convolutionLayer({ channels, kernelSize: 3, padding: 1, initialiser }),
      norm2: batchNormLayer({ initialScale: lastScale }),
      shortcut,
      relu: reluLayer(),
    },
    forward: (run, x: Images) => {
      const inner = run('relu', run('norm1', run('convolution1', x)))
      const branch = run('norm2', run('convolution2', inner))
      return run('relu', add(branch, run('shortcut', x)))
    },
  })

/** A 1×1 convolution down to `channels`, a 3×3 one with the step, as torchvision has it, and a 1×1 one up to four times as many. */
const bottleneckBlock = ({ channels, strides = 1, shortcut, initialiser, lastScale }: ResidualBlockOptions): Module => {
  const outputs = channels * blockExpansion.bottleneck
  return composite({
    description: { kind: 'bottleneck-block', channels: outputs, strides, activation: 'relu' },
    children: {
      convolution1: convolutionLayer({ channels, kernelSize: 1, initialiser }),
      norm1: batchNormLayer(),
      convolution2: convolutionLayer({ channels, kernelSize: 3, strides, padding: 1, initialiser }),
      norm2: batchNormLayer(),
      convolution3: convolutionLayer({ channels: outputs, kernelSize: 1, initialiser }),
      norm3: batchNormLayer({ initialScale: lastScale }),
      shortcut,
      relu: reluLayer(),
    },
    forward: (run, x: Images) => {
      const narrow = run('relu', run('norm1', run('convolution1', x)))
      const inner = run('relu', run('norm2', run('convolution2', narrow)))
      const branch = run('norm3', run('convolution3', inner))
      return run('relu', add(branch, run('shortcut', x)))
    },
  })
}

const makers: Readonly<Record<ResidualBlockKind, (options: ResidualBlockOptions) => Module>> = { basic: basicBlock, bottleneck: bottleneckBlock }

/** How a stage of residual blocks is built. */
export interface ResidualStageOptions {
  /** What kind of blocks; `basic` unless told. */
  readonly block?: ResidualBlockKind
  /** Number of blocks, at least 1. */
  readonly blocks: number
  /** Number of channels of the 3×3 convolutions. */
  readonly channels: number
  /** Step of the first block. */
  readonly strides: number
  /** The shortcut of the first block, which may change size and channels. */
  readonly firstShortcut: Module
  /** The shortcut of all other blocks. */
  readonly shortcut: Module
  /** Start of the filters. */
  readonly initialiser: Initialiser
  /** Start of the scale of the last batch norm of each block; 1 unless told. */
  readonly lastScale?: number
}

/**
 * Residual blocks one after the other, called `block1`, `block2` and so on.
 *
 * @param options Kind and number of blocks, channels, step, shortcuts, start.
 */
export const residualBlocks = ({ block = 'basic', blocks, channels, strides, firstShortcut, shortcut, initialiser, lastScale = 1 }: ResidualStageOptions): Readonly<Record<string, Module>> => {
  const shared = { channels, initialiser, lastScale }
  return Object.fromEntries(
    Array.from({ length: blocks }, (_, index) => [
      `block${index + 1}`,
      makers[block](index === 0 ? { ...shared, strides, shortcut: firstShortcut } : { ...shared, shortcut }),
    ]),
  )
}

/**
 * A stage of residual blocks.
 *
 * @param options Kind and number of blocks, channels, step, shortcuts, start.
 */
export const residualStage = (options: ResidualStageOptions): Module => sequential(residualBlocks(options))

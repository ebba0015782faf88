import { add, batchNormLayer, composite, convolutionLayer, type Images, type Initialiser, type Module, reluLayer, sequential } from '@transferkit/tensor'

interface ResidualBlockOptions {
  /** Number of output channels. */
  readonly channels: number
  /** Step of the first convolution; 1 unless told. */
  readonly strides?: number
  /** What stands beside the convolutions. */
  readonly shortcut: Module
  /** Start of the filters. */
  readonly initialiser: Initialiser
}

/**
 * The basic residual block of He et al. (2015): `relu(norm(conv(relu(norm(conv(x))))) + shortcut(x))`, with 3×3 convolutions.
 *
 * @param options Channels, step, shortcut, start.
 */
const residualBlock = ({ channels, strides = 1, shortcut, initialiser }: ResidualBlockOptions): Module =>
  composite({
    description: { kind: 'residual-block', channels, strides, activation: 'relu' },
    children: {
      convolution1: convolutionLayer({ channels, kernelSize: 3, strides, padding: 1, initialiser }),
      norm1: batchNormLayer(),
      convolution2: convolutionLayer({ channels, kernelSize: 3, padding: 1, initialiser }),
      norm2: batchNormLayer(),
      shortcut,
      relu: reluLayer(),
    },
    forward: (run, x: Images) => {
      const inner = run('relu', run('norm1', run('convolution1', x)))
      const branch = run('norm2', run('convolution2', inner))
      return run('relu', add(branch, run('shortcut', x)))
    },
  })

/** How a stage of residual blocks is built. */
export interface ResidualStageOptions {
  /** Number of blocks, at least 1. */
  readonly blocks: number
  /** Number of output channels. */
  readonly channels: number
  /** Step of the first block. */
  readonly strides: number
  /** The shortcut of the first block, which may change size and channels. */
  readonly firstShortcut: Module
  /** The shortcut of all other blocks. */
  readonly shortcut: Module
  /** Start of the filters. */
  readonly initialiser: Initialiser
}

/**
 * Residual blocks one after the other, called `block1`, `block2` and so on.
 *
 * @param options Number of blocks, channels, step, shortcuts, start.
 */
export const residualStage = ({ blocks, channels, strides, firstShortcut, shortcut, initialiser }: ResidualStageOptions): Module =>
  sequential(
    Object.fromEntries(
      Array.from({ length: blocks }, (_, index) => [
        `block${index + 1}`,
        residualBlock(index === 0 ? { channels, strides, shortcut: firstShortcut, initialiser } : { channels, shortcut, initialiser }),
      ]),
    ),
  )

import { batchNormLayer, composite, convolutionLayer, fanInUniform, type Images, type Initialiser, type Module, reluLayer } from '@transferkit/tensor'

/** Settings of {@link convolutionBlock}. */
export interface ConvolutionBlockOptions {
  /** Number of output channels. */
  readonly channels: number
  /** Whether the convolution has a bias although batch norm follows, as in some official networks; false unless told. */
  readonly bias?: boolean
  /** Whether a rectifier ends the block; true unless told. */
  readonly rectified?: boolean
  /** Start of the filters; uniform in ±1/√(fan in) unless told, as in PyTorch. */
  readonly initialiser?: Initialiser
}

/**
 * A 3×3 convolution of step 1 that keeps the size of the maps, batch norm, and a rectifier.
 *
 * @param options Channels, bias, rectifier, start.
 */
export const convolutionBlock = ({ channels, bias = false, rectified = true, initialiser = fanInUniform }: ConvolutionBlockOptions): Module => {
  const children = { convolution: convolutionLayer({ channels, kernelSize: 3, padding: 1, bias, initialiser }), norm: batchNormLayer() }
  return rectified
    ? composite({
        description: { kind: 'convolution-block', channels, activation: 'relu' },
        children: { ...children, relu: reluLayer() },
        forward: (run, x: Images) => run('relu', run('norm', run('convolution', x))),
      })
    : composite({
        description: { kind: 'convolution-block', channels },
        children,
        forward: (run, x: Images) => run('norm', run('convolution', x)),
      })
}

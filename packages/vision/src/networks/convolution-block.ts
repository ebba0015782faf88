import { batchNormLayer, composite, convolutionLayer, fanInUniform, type Images, type Initialiser, type Module } from '@transferkit/tensor'
import { type Rectifier, rectifierLayer } from './rectifier.js'

/** Settings of {@link convolutionBlock}. */
export interface ConvolutionBlockOptions {
  /** Number of output channels. */
  readonly channels: number
  /** Height and width of the filters, an odd number; 3 unless told. */
  readonly kernelSize?: number
  /** Step of the convolution; 1 unless told. */
  readonly strides?: number
  /** Whether the convolution has a bias although batch norm follows, as in some official networks; false unless told. */
  readonly bias?: boolean
  /** What ends the block; `relu` unless told. */
  readonly activation?: Rectifier | 'none'
  /** Start of the filters; uniform in ±1/√(fan in) unless told, as in PyTorch. */
  readonly initialiser?: Initialiser
}

/**
 * A convolution with a border of half its size, which keeps the size of the maps but for its step; batch norm; and a rectifier.
 *
 * @param options Channels, size, step, bias, rectifier, start.
 */
export const convolutionBlock = ({ channels, kernelSize = 3, strides = 1, bias = false, activation = 'relu', initialiser = fanInUniform }: ConvolutionBlockOptions): Module => {
  const children = { convolution: convolutionLayer({ channels, kernelSize, strides, padding: (kernelSize - 1) / 2, bias, initialiser }), norm: batchNormLayer() }
  return activation === 'none'
    ? composite({
        description: { kind: 'convolution-block', channels },
        children,
        forward: (run, x: Images) => run('norm', run('convolution', x)),
      })
    : composite({
        description: { kind: 'convolution-block', channels, activation },
        children: { ...children, relu: rectifierLayer(activation) },
        forward: (run, x: Images) => run('relu', run('norm', run('convolution', x))),
      })
}

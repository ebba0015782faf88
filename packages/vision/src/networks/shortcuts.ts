import { averagePool, batchNormLayer, convolutionLayer, type Images, type Initialiser, layer, type Module, pad, sequential, TransferkitError } from '@transferkit/tensor'

/** New channels of zeros around those that there are. */
const withZeroChannels = (x: Images, before: number, after: number): Images =>
  // A border on the last axis leaves images.
  pad(x, [
    [0, 0],
    [0, 0],
    [0, 0],
    [before, after],
  ]) as Images

/**
 * Option A of He et al. (2015) as the CIFAR ResNets have it: every second row and column, and new channels of zeros, half in front and half behind.
 *
 * @param channels Number of output channels.
 */
export const subsamplingShortcut = (channels: number): Module<Images, Images> =>
  layer<Images, Images>({
    description: { kind: 'subsampling-shortcut', channels },
    apply: (_variables, x) => {
      const added = channels - x.shape[3]
      // A window of one element, two apart, is a slice with step 2.
      return { output: withZeroChannels(averagePool(x, { size: 1, strides: 2 }), Math.floor(added / 2), Math.ceil(added / 2)) }
    },
  })

/**
 * The shortcut of the residual-adapter networks: means of 2×2 windows, and new channels of zeros behind the old ones.
 *
 * The strided convolution beside it rounds up where the pooling rounds down, so odd maps are refused.
 *
 * @param channels Number of output channels.
 */
export const poolingShortcut = (channels: number): Module<Images, Images> =>
  layer<Images, Images>({
    description: { kind: 'pooling-shortcut', channels },
    apply: (_variables, x) => {
      const [, height, width, inputs] = x.shape
      if (height % 2 !== 0 || width % 2 !== 0) {
        throw new TransferkitError('network/odd-map', `A stage that halves its maps got maps of ${height} x ${width}, but they must be even. Choose an image size that can be halved once a stage.`)
      }
      return { output: withZeroChannels(averagePool(x, { size: 2 }), 0, channels - inputs) }
    },
  })

/**
 * Option B of He et al. (2015): a trained 1×1 convolution and batch norm.
 *
 * @param channels Number of output channels.
 * @param strides Step of the convolution.
 * @param initialiser Start of the filters.
 */
export const projectionShortcut = (channels: number, strides: number, initialiser: Initialiser): Module =>
  sequential({ convolution: convolutionLayer({ channels, kernelSize: 1, strides, initialiser }), norm: batchNormLayer() })

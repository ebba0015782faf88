import { dropoutLayer, layer, type Module, type Network, network, ones, reshape, sequential, type Shape, type Tensor } from '@transferkit/tensor'
import { type SequencePooling, sequencePoolingLayer } from '../layers/pooling-layer.js'
import { maskedSequence } from '../sequence.js'
import { recurrentStages } from './recurrent-stages.js'
import { checkSizes, type RecurrentStageOptions } from './text-network-options.js'

/** Settings of {@link rowSequence}. Classes and shape are those of MNIST unless told. */
export interface RowSequenceOptions extends RecurrentStageOptions {
  /** Number of classes; 10 unless told. */
  readonly classes?: number
  /** Shape of an image, `[height, width, channel]`; `[28, 28, 1]` unless told. */
  readonly inputShape?: Shape
  /** How the last layer becomes one vector; `last` unless told, our choice: the last row has seen the whole image. */
  readonly pooling?: SequencePooling
}

/** Rows of an image as the steps of a sequence, none of them padding. */
const rowsLayer = (): Module =>
  layer({
    description: { kind: 'rows' },
    apply: (_variables, images: Tensor) => {
      const [batch = 0, height = 0] = images.shape
      return { output: maskedSequence(reshape(images, [batch, height, -1]), ones([batch, height])) }
    },
  })

/**
 * A recurrent network that reads an image row by row, from the top: the vision-shaped test of recurrent transfer. A row of `width · channel` values is one step.
 *
 * Taps, each with a mask of ones as its last channel but for the last tap: `rows [batch, height, width · channel + 1]`, `recurrent1`, `recurrent2`, ...
 * `[batch, height, H + 1]`, and `pooled [batch, H]`, with `H` the `hiddenSize`, twice that with `bidirectional`.
 *
 * @param options Classes, shape of the images, cell and layers.
 * @returns A network from images `[batch, height, width, channel]` to scores `[batch, class]`.
 * @throws TransferkitError `nlp/network-options` when a size is not a whole number of at least 1; `dropout/rate`, in training, when `dropout` is not from 0 to below 1.
 *
 * @example
 * ```ts
 * import { rowSequence } from '@transferkit/nlp'
 * import { inference, ones, randomKey } from '@transferkit/tensor'
 *
 * const network = rowSequence({ cell: 'gru', hiddenSize: 64 })
 * const { output, taps } = network.apply(network.init(randomKey(1), [1, 28, 28, 1]), ones([2, 28, 28, 1]), inference)
 * // output [2, 10], taps.rows [2, 28, 29], taps.pooled [2, 64]
 * ```
 */
export const rowSequence = (options: RowSequenceOptions = {}): Network => {
  const { classes = 10, inputShape = [28, 28, 1], pooling = 'last', bidirectional = false, cell = 'lstm', dropout = 0 } = options
  checkSizes('row-sequence', { classes })
  return network({
    name: `row-${bidirectional ? 'bi' : ''}${cell}`,
    inputShape,
    classes,
    stages: [
      { name: 'rows', module: rowsLayer() },
      ...recurrentStages(options),
      { name: 'pooled', module: sequential({ pooling: sequencePoolingLayer({ pooling, bidirectional }), dropout: dropoutLayer(dropout) }) },
    ],
  })
}

import { dropoutLayer, layer, type Module, type Network, network, ones, reshape, sequential, type Shape, type Tensor } from '@transferkit/tensor'
import { type SequencePooling, sequencePoolingLayer } from '../layers/pooling-layer.js'
import { maskedSequence } from '../sequence.js'
import { recurrentStages, type RecurrentStageOptions } from './recurrent-stages.js'
import { checkSizes } from './text-network-options.js'

/** Settings of {@link rowSequence}. */
export interface RowSequenceOptions extends RecurrentStageOptions {
  /** Number of classes; 10 unless told. */
  readonly classes?: number
  /** Shape of an image, `[height, width, channel]`; `[28, 28, 1]` unless told. */
  readonly inputShape?: Shape
  /** How the last layer becomes one vector; `last` unless told. */
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
 * A recurrent network that reads an image row by row, from the top: the vision-shaped test of recurrent transfer. Taps: `rows`, `recurrent1`,
 * `recurrent2`, ..., `pooled`.
 *
 * @param options Classes, shape of the images, cell and layers.
 * @throws TransferkitError `nlp/network-options` when a size is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * import { rowSequence } from '@transferkit/nlp'
 *
 * const network = rowSequence({ hiddenSize: 64 })
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

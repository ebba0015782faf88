import { dropoutLayer, type Network, network, sequential } from '@transferkit/tensor'
import { embeddingLayer } from '../layers/embedding-layer.js'
import { sequencePoolingLayer } from '../layers/pooling-layer.js'
import { sequenceConvolutionLayer } from '../layers/sequence-convolution-layer.js'
import { checkSizes, defaultEmbeddingSize, defaultLength, type TextNetworkOptions } from './text-network-options.js'

/** Settings of {@link textCnn}. */
export interface TextCnnOptions extends TextNetworkOptions {
  /** Numbers of words that the filters see; `[3, 4, 5]` unless told (Kim 2014). */
  readonly widths?: readonly number[]
  /** Number of filters of each width; 100 unless told (Kim 2014). */
  readonly channels?: number
}

/**
 * The convolutional sentence classifier of Kim (2014): filters over 3, 4 and 5 words, rectifiers, maximum over the sentence, dropout, and a dense head. Taps:
 * `embedding [batch, step, E + 1]`, `convolution [batch, step, F + 1]`, each with the mask as its last channel, and `pooled [batch, F]`, with `E` the `embeddingSize` and
 * `F` all filters together. Windows reach past both ends of a sentence, where they see zeros.
 *
 * Input: token ids `[batch, step]`, with 0 for padding at the end.
 *
 * @param options Vocabulary, classes, widths and number of filters.
 * @throws TransferkitError `nlp/network-options` when a size is not a whole number of at least 1; `nlp/embedding` when the vectors do not fit; `dropout/rate`,
 * in training, when `dropout` is not from 0 to below 1.
 *
 * @example
 * ```ts
 * import { textCnn } from '@transferkit/nlp'
 * import { inference, randomKey, tensor } from '@transferkit/tensor'
 *
 * const network = textCnn({ vocabulary: 1000, classes: 2, maximumLength: 8, embeddingSize: 16, channels: 4 })
 * const { output } = network.apply(network.init(randomKey(1), [1, 8]), tensor([5, 9, 2, 0], [1, 4]), inference) // scores of one text of three words
 * ```
 */
export const textCnn = (options: TextCnnOptions): Network => {
  const { classes, vocabulary, maximumLength = defaultLength, embeddingSize = defaultEmbeddingSize, vectors, dropout = 0.5, widths = [3, 4, 5], channels = 100 } = options
  checkSizes('text-cnn', { vocabulary, classes, maximumLength, embeddingSize, channels, ...Object.fromEntries(widths.map((width, index) => [`widths[${index}]`, width])) })
  return network({
    name: 'text-cnn',
    inputShape: [maximumLength],
    classes,
    stages: [
      { name: 'embedding', module: embeddingLayer({ vocabulary, size: embeddingSize, ...(vectors === undefined ? {} : { initial: vectors }) }) },
      { name: 'convolution', module: sequenceConvolutionLayer({ widths, channels }) },
      { name: 'pooled', module: sequential({ pooling: sequencePoolingLayer({ pooling: 'max' }), dropout: dropoutLayer(dropout) }) },
    ],
  })
}

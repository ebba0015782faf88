import { dropoutLayer, type Module, type Network, network, sequential, type Stage } from '@transferkit/tensor'
import { embeddingLayer } from '../layers/embedding-layer.js'
import { pairFeaturesLayer } from '../layers/pair-features-layer.js'
import { sequencePoolingLayer } from '../layers/pooling-layer.js'
import { recurrentStages } from './recurrent-stages.js'
import { checkSizes, defaultEmbeddingSize, defaultLength, type RecurrentNetworkOptions } from './text-network-options.js'

const nameOf = ({ cell = 'lstm', bidirectional = false }: RecurrentNetworkOptions): string => (bidirectional ? `bi${cell}` : cell)

/** Stages of a recurrent text network, up to the pooling and what comes behind it. */
const stagesOf = (options: RecurrentNetworkOptions, behind: Readonly<Record<string, Module>>): readonly Stage[] => {
  const { vocabulary, embeddingSize = defaultEmbeddingSize, vectors, pooling = 'max', bidirectional = false, dropout = 0 } = options
  checkSizes(nameOf(options), { vocabulary, embeddingSize, maximumLength: options.maximumLength ?? defaultLength, classes: options.classes })
  return [
    { name: 'embedding', module: embeddingLayer({ vocabulary, size: embeddingSize, ...(vectors === undefined ? {} : { initial: vectors }) }) },
    ...recurrentStages(options),
    { name: 'pooled', module: sequential({ pooling: sequencePoolingLayer({ pooling, bidirectional }), ...behind, dropout: dropoutLayer(dropout) }) },
  ]
}

/**
 * A sentence classifier: embedding, recurrent layers, pooling, and a dense head. Taps: `embedding [batch, step, E + 1]`, `recurrent1`, `recurrent2`, ...
 * `[batch, step, H + 1]`, each with the mask as its last channel, and `pooled [batch, H]`, with `E` the `embeddingSize` and `H` the `hiddenSize`, twice that with
 * `bidirectional`. In training dropout acts on the input of each recurrent layer and on the feature.
 *
 * Input: token ids `[batch, step]`, with 0 for padding at the end; a batch may be shorter than `maximumLength`. A text without words gives finite scores.
 *
 * @param options Vocabulary, classes, sizes, kind of cell and pooling.
 * @throws TransferkitError `nlp/network-options` when a size is not a whole number of at least 1; `nlp/embedding` when the vectors do not fit; `dropout/rate`,
 * in training, when `dropout` is not from 0 to below 1.
 *
 * @example
 * ```ts
 * import { textClassifier } from '@transferkit/nlp'
 * import { inference, randomKey, tensor } from '@transferkit/tensor'
 *
 * const network = textClassifier({ vocabulary: 1000, classes: 2, maximumLength: 8, embeddingSize: 16, hiddenSize: 16, bidirectional: true })
 * const { output } = network.apply(network.init(randomKey(1), [1, 8]), tensor([5, 9, 2, 0], [1, 4]), inference) // scores of one text of three words
 * ```
 */
export const textClassifier = (options: RecurrentNetworkOptions): Network =>
  network({ name: nameOf(options), inputShape: [options.maximumLength ?? defaultLength], classes: options.classes, stages: stagesOf(options, {}) })

/**
 * A classifier of sentence pairs: both run through the same encoder, that of {@link textClassifier}, and the head sees `[u ; v ; |u - v| ; u ⊙ v]`. Its
 * stages have the names and variables of the sentence classifier, so that either can be the source of the other. Taps: as there; those before `pooled`
 * have one more axis for the two sentences.
 *
 * Input: token ids `[batch, 2, step]`, with 0 for padding at the end.
 *
 * @param options Vocabulary, classes, sizes, kind of cell and pooling.
 * @throws TransferkitError `nlp/network-options` when a size is not a whole number of at least 1; `nlp/embedding` when the vectors do not fit; `dropout/rate`,
 * in training, when `dropout` is not from 0 to below 1.
 *
 * @example
 * ```ts
 * import { pairClassifier } from '@transferkit/nlp'
 * import { inference, randomKey, tensor } from '@transferkit/tensor'
 *
 * const network = pairClassifier({ vocabulary: 1000, classes: 3, maximumLength: 4, embeddingSize: 16, hiddenSize: 16 })
 * const { output } = network.apply(network.init(randomKey(1), [1, 2, 4]), tensor([5, 9, 0, 0, 5, 8, 7, 0], [1, 2, 4]), inference)
 * ```
 */
export const pairClassifier = (options: RecurrentNetworkOptions): Network =>
  network({
    name: `${nameOf(options)}-pair`,
    inputShape: [2, options.maximumLength ?? defaultLength],
    classes: options.classes,
    stages: stagesOf(options, { pair: pairFeaturesLayer() }),
  })

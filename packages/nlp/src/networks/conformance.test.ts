import { add, cast, greater, layer, type Module, multiply, network, type Network, pad, reshape, slice, sum, tensor, type Tensor } from '@transferkit/tensor'
import { featureExtraction, fineTune, l2SpPenalty, partial, scratch } from '@transferkit/training'
import { testStrategy } from '@transferkit/training/testing'
import { rowSequence } from './row-sequence.js'
import { pairClassifier, textClassifier } from './text-classifier.js'

/** The striped images of the suite as texts: a word for each block of two by two pixels in the upper half, by which of them are bright, and two padded steps. */
const wordsOfStripes = (): Module =>
  layer({
    description: { kind: 'words-of-stripes' },
    apply: (_variables, images: Tensor) => {
      const [batch = 0] = images.shape
      const bright: Tensor = cast(greater(reshape(slice(images, [], [batch, 4, 8, 1]), [batch, 2, 2, 4, 2]) as Tensor, 0), 'float32')
      const words: Tensor = sum(multiply(bright, tensor([1, 2, 4, 8], [2, 1, 2])), [2, 4])
      return { output: pad(reshape(add(words, 2), [batch, 8]), [[0, 0], [0, 2]]) }
    },
  })

/** The same text twice. */
const twice = (): Module => layer({ description: { kind: 'twice' }, apply: (_variables, x: Tensor) => ({ output: add(reshape(x, [x.shape[0] ?? 0, 1, 10]), tensor([0, 0], [2, 1])) }) })

const settings = { vocabulary: 18, embeddingSize: 6, hiddenSize: 6, maximumLength: 10 }

/** A text network behind stages that make texts of the images of the suite. */
const onStripes = (text: Network, before: Readonly<Record<string, Module>>): Network =>
  network({
    name: text.name,
    inputShape: [8, 8, 1],
    classes: text.classes,
    stages: [...Object.entries(before).map(([name, module]) => ({ name, module })), ...text.stages],
  })

const sentences = (classes: number): Network => onStripes(textClassifier({ ...settings, classes, bidirectional: true }), { words: wordsOfStripes() })

const pairs = (classes: number): Network => onStripes(pairClassifier({ ...settings, classes, cell: 'gru', pooling: 'attention' }), { words: wordsOfStripes(), twice: twice() })

const rows = (classes: number): Network => rowSequence({ classes, inputShape: [8, 8, 1], hiddenSize: 8, layers: 2, dropout: 0.1 })

for (const strategy of [scratch, featureExtraction, fineTune, l2SpPenalty]) testStrategy({ strategy, network: sentences, learningRate: 0.3 })
testStrategy({ strategy: partial, options: { freezeFirst: 2 }, network: sentences, learningRate: 0.3 })
testStrategy({ strategy: fineTune, network: pairs, learningRate: 0.3 })
testStrategy({ strategy: fineTune, network: rows, learningRate: 0.3 })

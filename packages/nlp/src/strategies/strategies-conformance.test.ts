import { add, cast, greater, layer, type Module, multiply, type Network, network, reshape, slice, squeeze, stack, type Tensor } from '@transferkit/tensor'
import { testStrategy } from '@transferkit/training/testing'
import { rowSequence } from '../networks/row-sequence.js'
import { pairClassifier, textClassifier } from '../networks/text-classifier.js'
import { discreteStates } from './discrete-states.js'
import { recurrentPtu } from './recurrent-ptu.js'

/** Number of steps of a sequence: few, because each costs many small operations. */
const steps = 4

/** A network that is given the striped images of the suite through a stage of its own. */
const reading = (inner: Network, read: (images: Tensor) => Tensor): Network => {
  const module: Module = layer({ description: { kind: 'reading' }, apply: (_variables, images: Tensor) => ({ output: read(images) }) })
  return network({ ...inner, inputShape: [8, 8, 1], stages: [{ name: 'reading', module }, ...inner.stages] })
}

/** Two rows of an image at each step. */
const rows = (classes: number): Network =>
  reading(rowSequence({ classes, inputShape: [steps, 16, 1], hiddenSize: 6 }), (images) => reshape(images, [images.shape[0] ?? 0, steps, 16, 1]))

/** The images as sentences: each of the first rows is a word, told by the signs of its first two pixels. */
const words = (classes: number): Network => {
  const sign = (images: Tensor, column: number): Tensor => cast(greater(squeeze(slice(images, [0, 0, column, 0], [images.shape[0] ?? 0, steps, 1, 1]), [2, 3]), 0), 'float32')
  return reading(textClassifier({ vocabulary: 6, classes, maximumLength: steps, embeddingSize: 4, hiddenSize: 5 }), (images) => add(add(sign(images, 0), multiply(sign(images, 1), 2)), 1))
}

/** Pairs of such sentences: the image upright and from its end. */
const pairs = (classes: number): Network => {
  const sentence = (images: Tensor, from: number): Tensor => cast(greater(squeeze(slice(images, [0, from, 0, 0], [images.shape[0] ?? 0, steps, 1, 1]), [2, 3]), 0), 'float32')
  return reading(pairClassifier({ vocabulary: 6, classes, maximumLength: steps, embeddingSize: 4, hiddenSize: 5, cell: 'gru', pooling: 'mean' }), (images) =>
    add(stack([sentence(images, 0), sentence(images, 8 - steps)], 1), 2),
  )
}

// Recurrent networks of this size learn slowly with plain steps.
const learning = { learningRate: 0.3, steps: 16 }

testStrategy({ strategy: recurrentPtu, network: rows, ...learning })
testStrategy({ strategy: recurrentPtu, options: { candidate: 'threeState', layers: 'all', mixCell: true }, network: words, ...learning })
testStrategy({ strategy: recurrentPtu, options: { candidate: 'gru', sourceInput: 'shared', perturbation: 0.05 }, network: words, ...learning })
testStrategy({ strategy: discreteStates, options: { embedding: 'frozen' }, network: words, ...learning })
testStrategy({ strategy: recurrentPtu, options: { layers: 'all' }, network: pairs, ...learning })
testStrategy({ strategy: discreteStates, options: { hidden: 'frozen' }, network: rows, ...learning })
testStrategy({ strategy: discreteStates, options: { embedding: 'random', hidden: 'fine-tuned' }, network: pairs, ...learning })

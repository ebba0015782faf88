import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { add, cast, greater, layer, type Module, multiply, type Network, network, slice, squeeze, type Tensor } from '@transferkit/tensor'
import { adam, fineTune, partial } from '@transferkit/training'
import { testCompiled } from '@transferkit/training/testing'
import { textClassifier } from '../networks/text-classifier.js'
import { textCnn } from '../networks/text-cnn.js'
import { discreteStates } from './discrete-states.js'
import { recurrentPtu } from './recurrent-ptu.js'

const open = (): Promise<Runtime> => openRuntime({ backend: 'native' })

const steps = 4

/** A text network that is given the striped images of the suite as sentences: each of the first rows is a word, told by the signs of its first two pixels. */
const words = (make: (classes: number) => Network) => (classes: number): Network => {
  const inner = make(classes)
  const sign = (images: Tensor, column: number): Tensor => cast(greater(squeeze(slice(images, [0, 0, column, 0], [images.shape[0] ?? 0, steps, 1, 1]), [2, 3]), 0), 'float32')
  const reading: Module = layer({ description: { kind: 'reading' }, apply: (_variables, images: Tensor) => ({ output: add(add(sign(images, 0), multiply(sign(images, 1), 2)), 1) }) })
  return network({ ...inner, inputShape: [8, 8, 1], stages: [{ name: 'reading', module: reading }, ...inner.stages] })
}

const settings = { vocabulary: 6, maximumLength: steps, embeddingSize: 4, hiddenSize: 5, dropout: 0.5 }

const lstm = words((classes) => textClassifier({ ...settings, classes }))

testCompiled({ open, strategy: fineTune, network: lstm })
testCompiled({ open, strategy: fineTune, network: lstm, training: { optimiser: adam() } })
testCompiled({ open, strategy: fineTune, network: words((classes) => textClassifier({ ...settings, classes, cell: 'gru', bidirectional: true, layers: 2, pooling: 'attention' })) })
testCompiled({ open, strategy: fineTune, network: words((classes) => textClassifier({ ...settings, classes, bidirectional: true, pooling: 'last' })) })
testCompiled({ open, strategy: fineTune, network: words((classes) => textCnn({ ...settings, classes })), training: { optimiser: adam() } })
testCompiled({ open, strategy: partial, options: { freezeFirst: 2 }, network: lstm })
testCompiled({ open, strategy: recurrentPtu, network: lstm })
testCompiled({ open, strategy: recurrentPtu, options: { candidate: 'threeState', layers: 'all', mixCell: true }, network: lstm, training: { optimiser: adam() } })
testCompiled({ open, strategy: recurrentPtu, options: { candidate: 'gru', sourceInput: 'shared', perturbation: 0.05 }, network: lstm })
testCompiled({ open, strategy: discreteStates, options: { embedding: 'frozen' }, network: lstm })

import { readFileSync } from 'node:fs'
import { openRuntime } from '@transferkit/runtime/node'
import { floatsOf, readSafetensors } from '@transferkit/training'
import * as tf from '@tensorflow/tfjs'
import { answer } from './contestant.mjs'
import { recurrentStepNamed, tokens } from './steps.mjs'

/**
 * The same sentence classifiers as a user of TensorFlow.js writes them today: a layers model, `compile` and `trainOnBatch`. An LSTM starts from the weights of the others; a GRU
 * cannot, because its reset gate acts in front of the product there.
 */
const [name, file = ''] = process.argv.slice(2)
const { cell, hiddenSize: units, optimiser, batch, length, embeddingSize, vocabulary } = recurrentStepNamed(name)
const runtime = await openRuntime({ backend: 'native' })
const recurrent = cell === 'lstm' ? tf.layers.lstm({ units, recurrentActivation: 'sigmoid' }) : tf.layers.gru({ units, recurrentActivation: 'sigmoid' })
const embedding = tf.layers.embedding({ inputDim: vocabulary, outputDim: embeddingSize, inputLength: length })
const head = tf.layers.dense({ units: 2, activation: 'softmax' })
const model = tf.sequential({ layers: [embedding, recurrent, head] })

const entries = new Map(readSafetensors(readFileSync(file)).entries.map((entry) => [entry.name, entry]))
/** @param {string} wanted */
const given = (wanted) => {
  const entry = entries.get(wanted)
  if (entry === undefined) throw new Error(`The start has no '${wanted}'.`)
  return tf.tensor(floatsOf(entry), [...entry.shape])
}
embedding.setWeights([given('embedding.table')])
head.setWeights([given('head.weight'), given('head.bias')])
if (cell === 'lstm') {
  recurrent.setWeights([tf.transpose(given('recurrent.weight_ih_l0')), tf.transpose(given('recurrent.weight_hh_l0')), tf.add(given('recurrent.bias_ih_l0'), given('recurrent.bias_hh_l0'))])
}
model.compile({ optimizer: optimiser === 'adam' ? tf.train.adam(0.001) : tf.train.momentum(0.3, 0.9), loss: 'sparseCategoricalCrossentropy' })
const inputs = tf.tensor(tokens(batch * length, vocabulary), [batch, length])
const labels = tf.tensor(Array.from({ length: batch }, (_, index) => index % 2), [batch, 1])

await answer({
  step: async () => {
    const loss = await model.trainOnBatch(inputs, labels)
    return Array.isArray(loss) ? (loss[0] ?? Number.NaN) : loss
  },
  describe: () => ({ backend: runtime.backend, tensors: tf.memory().numTensors }),
})

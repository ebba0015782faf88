// What a user of TensorFlow.js writes: a Parameter Transfer Unit between a layer of a trained model and a layer of a new one.
import * as tf from '@tensorflow/tfjs'
import { gate, openness, parameterTransferUnit } from '@transferkit/gates'
import { item, matMul, mean, multiply, randomKey, relu, scope, square, subtract, valueAndGrad, zipTrees } from '@transferkit/tensor'

await tf.setBackend('cpu')

/** @param {number} seed */
const layerModel = (seed) => tf.sequential({ layers: [tf.layers.dense({ units: 6, activation: 'relu', inputShape: [4], kernelInitializer: tf.initializers.glorotNormal({ seed }) })] })
const inputs = tf.randomNormal([32, 4], 0, 1, 'float32', 3)
const labels = tf.sum(inputs, 1, true)
const streams = { source: layerModel(7).predict(inputs), target: layerModel(8).predict(inputs) }

const unit = parameterTransferUnit({ candidate: 'light', transferGate: gate({ kind: 'dense' }), fineTuneGate: gate({ kind: 'dense', bias: -2 }), activation: relu })
let params = { unit: unit.init(randomKey(1), { source: [1, 6], target: [1, 6] }), head: tf.randomNormal([6, 1], 0, 0.5, 'float32', 5) }
const loss = ({ unit: own, head }) => mean(square(subtract(matMul(unit.apply(own, streams).output, head), labels)))

const before = item(loss(params))
for (let step = 0; step < 200; step++) {
  params = scope(() => zipTrees(params, valueAndGrad(loss)(params).gradient, (value, gradient) => subtract(value, multiply(gradient, 0.05))), { donate: params })
}
const after = item(loss(params))
if (!(after < before / 2)) throw new Error(`The loss went from ${before} to ${after}.`)
const { mean: open } = openness(unit.apply(params.unit, streams).transfer)
console.log(`a PTU between the layers of two plain models lowers the loss from ${before.toFixed(3)} to ${after.toFixed(3)}; its transfer gate is open to ${open.toFixed(2)}`)

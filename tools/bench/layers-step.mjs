import { openRuntime } from '@transferkit/runtime/node'
import * as tf from '@tensorflow/tfjs'
import { answer } from './contestant.mjs'
import { images, steps } from './steps.mjs'

/** The same networks as a user of TensorFlow.js writes them today: a layers model, `compile` and `trainOnBatch`'s step. */
const [name = ''] = process.argv.slice(2)
const { network, batch, size } = steps[name]
const runtime = await openRuntime({ backend: 'native' })
const convolution = (x, filters, strides) => tf.layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false }).apply(x)
const norm = (x) => tf.layers.batchNormalization().apply(x)
const relu = (x) => tf.layers.reLU().apply(x)

const block = (x, filters, strides) => {
  const y = norm(convolution(relu(norm(convolution(x, filters, strides))), filters, 1))
  if (strides === 1) return relu(tf.layers.add().apply([x, y]))
  const pooled = tf.layers.averagePooling2d({ poolSize: 2, strides: 2 }).apply(x)
  return relu(tf.layers.add().apply([tf.layers.concatenate().apply([pooled, new Zeros().apply(pooled)]), y]))
}

/** A layer of zeros, which the layers library lacks: users write a class for it. */
class Zeros extends tf.layers.Layer {
  computeOutputShape(shape) {
    return shape
  }

  call(inputs) {
    return tf.zerosLike(Array.isArray(inputs) ? inputs[0] : inputs)
  }

  static get className() {
    return 'Zeros'
  }
}

const input = tf.input({ shape: [size, size, 3] })
const [stem, widths, blocks, first] = network === 'resnet26' ? [32, [64, 128, 256], 4, 2] : [16, [16, 32, 64], 5, 1]
let x = norm(convolution(input, stem, 1))
if (network !== 'resnet26') x = relu(x)
widths.forEach((width, stage) => {
  for (let index = 0; index < blocks; index++) x = block(x, width, index > 0 ? 1 : stage === 0 ? first : 2)
})
if (network === 'resnet26') x = relu(norm(x))
const output = tf.layers.dense({ units: 10 }).apply(tf.layers.globalAveragePooling2d({}).apply(x))
const model = tf.model({ inputs: input, outputs: output })
const optimiser = tf.train.momentum(0.01, 0.9)
const inputs = tf.tensor4d(images(batch * size * size * 3), [batch, size, size, 3])
const labels = tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, index) => index % 10), 'int32'), 10)

await answer({
  step: () => {
    const loss = optimiser.minimize(() => tf.losses.softmaxCrossEntropy(labels, model.apply(inputs, { training: true })), true)
    const [value] = loss.dataSync()
    loss.dispose()
    return value
  },
  describe: () => ({ backend: runtime.backend, tensors: tf.memory().numTensors }),
})

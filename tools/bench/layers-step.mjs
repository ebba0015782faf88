import { openRuntime } from '@transferkit/runtime/node'
import * as tf from '@tensorflow/tfjs'
import { answer } from './contestant.mjs'
import { images, stepNamed } from './steps.mjs'

/** The same networks as a user of TensorFlow.js writes them today: a layers model, `compile` and `trainOnBatch`'s step. */
const [name] = process.argv.slice(2)
const { network, batch, size } = stepNamed(name)
/** @typedef {import('@tensorflow/tfjs').SymbolicTensor} Symbolic */

const runtime = await openRuntime({ backend: 'native' })
/**
 * Layers that are applied to a symbolic tensor, or several, give one.
 *
 * @param {{ apply: (inputs: Symbolic | Symbolic[]) => unknown }} layer
 * @param {Symbolic | Symbolic[]} inputs
 */
const applied = (layer, inputs) => /** @type {Symbolic} */ (layer.apply(inputs))

/** @type {(x: Symbolic, filters: number, strides: number) => Symbolic} */
const convolution = (x, filters, strides) => applied(tf.layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false }), x)

/** @type {(x: Symbolic) => Symbolic} */
const norm = (x) => applied(tf.layers.batchNormalization(), x)

/** @type {(x: Symbolic) => Symbolic} */
const relu = (x) => applied(tf.layers.reLU(), x)

/** A layer of zeros, which the layers library lacks: users write a class for it. */
class Zeros extends tf.layers.Layer {
  /**
   * @override
   * @param {import('@tensorflow/tfjs').Shape} shape
   */
  computeOutputShape(shape) {
    return shape
  }

  /**
   * @override
   * @param {tf.Tensor | tf.Tensor[]} inputs
   */
  call(inputs) {
    return tf.zerosLike(Array.isArray(inputs) ? /** @type {tf.Tensor} */ (inputs[0]) : inputs)
  }

  static get className() {
    return 'Zeros'
  }
}

/** @type {(x: Symbolic, filters: number, strides: number) => Symbolic} */
const block = (x, filters, strides) => {
  const y = norm(convolution(relu(norm(convolution(x, filters, strides))), filters, 1))
  if (strides === 1) return relu(applied(tf.layers.add(), [x, y]))
  const pooled = applied(tf.layers.averagePooling2d({ poolSize: 2, strides: 2 }), x)
  return relu(applied(tf.layers.add(), [applied(tf.layers.concatenate(), [pooled, applied(new Zeros(), pooled)]), y]))
}

const input = tf.input({ shape: [size, size, 3] })
const { stem, widths, blocks, first } = network === 'resnet26' ? { stem: 32, widths: [64, 128, 256], blocks: 4, first: 2 } : { stem: 16, widths: [16, 32, 64], blocks: 5, first: 1 }
let x = norm(convolution(input, stem, 1))
if (network !== 'resnet26') x = relu(x)
widths.forEach((width, stage) => {
  for (let index = 0; index < blocks; index++) x = block(x, width, index > 0 ? 1 : stage === 0 ? first : 2)
})
if (network === 'resnet26') x = relu(norm(x))
const output = applied(tf.layers.dense({ units: 10 }), applied(tf.layers.globalAveragePooling2d({}), x))
const model = tf.model({ inputs: input, outputs: output })
const optimiser = tf.train.momentum(0.001, 0.9)
const inputs = tf.tensor4d(images(batch * size * size * 3), [batch, size, size, 3])
const labels = tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, index) => index % 10), 'int32'), 10)

await answer({
  step: () => {
    const loss = optimiser.minimize(() => {
      const logits = /** @type {tf.Tensor2D} */ (model.apply(inputs, { training: true }))
      return /** @type {tf.Scalar} */ (tf.losses.softmaxCrossEntropy(labels, logits))
    }, true)
    const value = loss?.dataSync()[0] ?? Number.NaN
    loss?.dispose()
    return value
  },
  describe: () => ({ backend: runtime.backend, tensors: tf.memory().numTensors }),
})

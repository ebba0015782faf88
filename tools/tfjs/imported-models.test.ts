import { io, type Tensor as UpstreamTensor, tensor as upstreamTensor, tidy } from '@tensorflow/tfjs-core'
import { type LayersModel, layers, model as functional, sequential, type SymbolicTensor } from '@tensorflow/tfjs-layers'
import { openRuntime } from '@transferkit/runtime/node'
import { foldIn, inference, normalArray, randomKey, readSync, release, scope, tapShapes, tensor, type TrainedNetwork, uniformArray } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { exportLayersModel, foldBatchNorms, importTfjsModel } from '@transferkit/vision'
import { beforeAll, describe, expect, test } from 'vitest'

beforeAll(async () => {
  const runtime = await openRuntime()
  return () => runtime.close()
})

const key = randomKey(3)

const imagesFor = (inputShape: readonly number[]) => {
  const shape = [2, ...inputShape]
  return { values: normalArray(foldIn(key, 'images'), shape.reduce((product, size) => product * size, 1)), shape }
}

/** Gives all weights other values than those of a fresh model. */
const randomise = (model: LayersModel): void => {
  const values = model.getWeights().map((weight, index) => upstreamTensor(uniformArray(foldIn(key, index), weight.size, index % 2 === 0 ? 0.2 : -0.3, 0.7), weight.shape))
  model.setWeights(values)
  for (const value of values) value.dispose()
}

/** What a model of TensorFlow.js gives, and its files. */
const upstream = async (model: LayersModel, inputShape: readonly number[]) => {
  randomise(model)
  let artifacts: io.ModelArtifacts | undefined
  await model.save(io.withSaveHandler((saved) => {
    artifacts = saved
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } })
  }))
  const { values, shape } = imagesFor(inputShape)
  const x = upstreamTensor(values, shape)
  // A model of one output gives one tensor.
  const y = tidy(() => model.predict(x) as UpstreamTensor)
  const outputs = Float32Array.from(await y.data())
  x.dispose()
  y.dispose()
  const weights = model.getWeights()
  model.dispose()
  // Upstream forgets some weights of models inside models.
  for (const weight of weights) if (!weight.isDisposed) weight.dispose()
  const modelJson: unknown = JSON.parse(JSON.stringify({ modelTopology: artifacts?.modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: artifacts?.weightSpecs }] }))
  // Saved in one piece.
  return { outputs, files: { modelJson, weights: [new Uint8Array(artifacts?.weightData as ArrayBuffer)] } }
}

const logitsOf = ({ network, variables }: TrainedNetwork): Float32Array => {
  const { values, shape } = imagesFor(network.inputShape)
  return scope(() => Float32Array.from(readSync(network.apply(variables, tensor(values, shape), inference).output)))
}

const size = [9, 11, 3]

type Layer = { apply: (inputs: SymbolicTensor | SymbolicTensor[]) => unknown }

// Layers of one output give one symbolic tensor for a symbolic tensor.
const behind = (layer: Layer, ...inputs: SymbolicTensor[]): SymbolicTensor => layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as SymbolicTensor

/** A classifier around some layers over images. */
const classifier = (make: (input: SymbolicTensor) => SymbolicTensor): LayersModel => {
  const input = layers.input({ shape: size })
  const pooled = behind(layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }), make(input))
  return functional({ inputs: input, outputs: behind(layers.dense({ units: 4, name: 'classifier' }), pooled) })
}

const cases: readonly (readonly [string, () => LayersModel])[] = [
  ['convolutions with same padding, odd and even sizes, and uneven steps', () => classifier((x) => behind(layers.conv2d({ filters: 4, kernelSize: [2, 5], strides: [2, 1], padding: 'same' }), behind(layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }), x)))],
  ['depthwise convolutions with several filters a channel', () => classifier((x) => behind(layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2, activation: 'relu6' }), x))],
  ['separable convolutions', () => classifier((x) => behind(layers.separableConv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh' }), x))],
  ['batch norm with an epsilon of its own, without scale, without offset', () => classifier((x) => behind(layers.batchNormalization({ center: false }), behind(layers.batchNormalization({ scale: false }), behind(layers.batchNormalization({ epsilon: 0.1 }), behind(layers.conv2d({ filters: 4, kernelSize: 3, useBias: false }), x)))))],
  ['zero padding and pooling with borders', () => classifier((x) => behind(layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }), behind(layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), behind(layers.zeroPadding2d({ padding: [[1, 2], [0, 3]] }), x))))],
  ['activations', () => classifier((x) => ['elu', 'sigmoid', 'softplus', 'hardSigmoid', 'swish', 'gelu', 'linear'].reduce((y, name) => behind(layers.activation({ activation: name as 'elu' }), y), behind(layers.leakyReLU({ alpha: 0.2 }), behind(layers.reLU({ maxValue: 3 }), x))))],
  ['branches that are added, joined, multiplied', () => classifier((x) => {
    const stem = behind(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'stem' }), x)
    const left = behind(layers.batchNormalization({}), behind(layers.conv2d({ filters: 4, kernelSize: 1 }), stem))
    const sum = behind(layers.add({ name: 'sum' }), left, stem)
    const gate = behind(layers.conv2d({ filters: 4, kernelSize: 1, activation: 'sigmoid' }), behind(layers.reshape({ targetShape: [1, 1, 4] }), behind(layers.globalMaxPooling2d({ dataFormat: 'channelsLast' }), sum)))
    const gated = behind(layers.multiply({ name: 'gated' }), sum, gate)
    const other = behind(layers.conv2d({ filters: 4, kernelSize: 1, name: 'other' }), gated)
    return behind(layers.concatenate({ name: 'joined' }), gated, behind(layers.average(), other, gated), behind(layers.maximum(), other, gated))
  })],
  ['flattened maps', () => sequential({ layers: [layers.conv2d({ inputShape: size, filters: 2, kernelSize: 3 }), layers.permute({ dims: [3, 1, 2] }), layers.flatten(), layers.dense({ units: 6, activation: 'relu' }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 4 })] })],
  ['models inside models', () => {
    const inner = sequential({ layers: [layers.conv2d({ inputShape: size, filters: 2, kernelSize: 3, name: 'inner' }), layers.flatten()] })
    return sequential({ layers: [inner, sequential({ layers: [layers.dense({ units: 4, inputShape: [126], useBias: false })] })] })
  }],
]

describe('a layers model computes here what it computes in TensorFlow.js', () => {
  test.each(cases)('%s', async (_name, make) => {
    const { outputs, files } = await upstream(make(), size)
    const imported = importTfjsModel(files)
    const tolerance = { absolute: 1e-5, relative: 1e-5 }
    expectClose(logitsOf(imported), outputs, tolerance)
    expect(imported.network.head.description.kind).toBe('dense')
    const folded = foldBatchNorms(imported)
    expectClose(logitsOf(folded), outputs, tolerance)
    const { modelJson, weights } = exportLayersModel(imported)
    const again = importTfjsModel({ modelJson, weights })
    expectClose(logitsOf(again), outputs, tolerance)
    release({ imported: { ...imported.variables }, folded: { ...folded.variables }, again: { ...again.variables } })
  })

  test('with taps by the names of layers, where the model is one tensor', async () => {
    const make = cases[6]![1]
    const { files } = await upstream(make(), size)
    const { network, variables } = importTfjsModel(files)
    expect(Object.keys(tapShapes(network)).filter((name) => !name.startsWith('global'))).toEqual(['stem', 'sum', 'gated', 'joined'])
    release({ ...variables })
    const coarse = importTfjsModel({ ...files, taps: ['gated'] })
    expect(Object.keys(tapShapes(coarse.network))[0]).toBe('gated')
    expect(() => importTfjsModel({ ...files, taps: ['gate'] })).toThrow("Did you mean 'gated'?")
    expect(() => importTfjsModel({ ...files, taps: ['other'] })).toThrow("the branches meet at 'joined'")
    release({ ...coarse.variables })
  })

  test('without its softmax, so that the outputs are logits', async () => {
    const { outputs, files } = await upstream(sequential({ layers: [layers.flatten({ inputShape: size }), layers.dense({ units: 4, activation: 'softmax' })] }), size)
    const imported = importTfjsModel(files)
    const logits = logitsOf(imported)
    const powers = [...logits.slice(0, 4)].map(Math.exp)
    const sum = powers.reduce((total, power) => total + power, 0)
    expectClose(powers.map((power) => power / sum), outputs.slice(0, 4), { absolute: 1e-5 })
    release({ ...imported.variables })
  })
})

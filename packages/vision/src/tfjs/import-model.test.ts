import { inference, readSync, release, scope, tapShapes, tensor } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { importTfjsModel, type TfjsModel } from './import-model.js'
import { tfjsWeightPaths } from './model-json.js'

interface LayerSource {
  readonly kind: string
  readonly name: string
  readonly config?: Readonly<Record<string, unknown>>
}

interface WeightSource {
  readonly name: string
  readonly shape: readonly number[]
}

const layer = ({ kind, name, config = {} }: LayerSource) => ({ class_name: kind, config: { name, ...config } })

const sequentialModel = (layers: readonly LayerSource[], weights: readonly (WeightSource & Readonly<Record<string, unknown>>)[] = []) => ({
  modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: { class_name: 'Sequential', config: { name: 'small', layers: layers.map(layer) } } },
  weightsManifest: [{ paths: ['a.bin'], weights: weights.map((weight) => ({ dtype: 'float32', ...weight })) }],
})

const bytesOf = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

const images = { batch_input_shape: [null, 2, 2, 1] }

const linear = sequentialModel(
  [
    { kind: 'Flatten', name: 'pixels', config: images },
    { kind: 'Dense', name: 'classifier', config: { units: 2, activation: 'softmax' } },
  ],
  [
    { name: 'classifier/kernel', shape: [4, 2] },
    { name: 'classifier/bias', shape: [2] },
  ],
)

const linearBytes = bytesOf(1, 2, 3, 4, 5, 6, 7, 8, 0.5, -0.5)

const withTrained = (model: TfjsModel, look: (trained: ReturnType<typeof importTfjsModel>) => void): void => {
  const trained = importTfjsModel(model)
  look(trained)
  release({ ...trained.variables })
}

const outputs = ({ network, variables }: ReturnType<typeof importTfjsModel>, values: readonly number[]): Float32Array =>
  scope(() => Float32Array.from(readSync(network.apply(variables, tensor([...values], [1, ...network.inputShape]), inference).output)))

describe('a model in TensorFlow.js form', () => {
  test('becomes stages with the names of its layers, and a head in front of the softmax', () => {
    withTrained({ modelJson: JSON.stringify(linear), weights: [linearBytes], name: 'small' }, (trained) => {
      expect(trained.network.name).toBe('small')
      expect(trained.network.classes).toBe(2)
      expect(tapShapes(trained.network)).toEqual({ pixels: [4] })
      expectClose(outputs(trained, [1, 0, 0, 2]), [1 + 14 + 0.5, 2 + 16 - 0.5])
    })
  })

  test('may have a stage called head that is none, and names with dots', () => {
    const model = sequentialModel([
      { kind: 'ReLU', name: 'head', config: images },
      { kind: 'ReLU', name: 'a.b' },
      { kind: 'Flatten', name: 'flat' },
    ])
    withTrained({ modelJson: model, weights: [new Uint8Array()] }, (trained) => {
      expect(Object.keys(tapShapes(trained.network))).toEqual(['head_', 'a_b', 'flat'])
      expect(trained.network.classes).toBe(4)
      expectClose(outputs(trained, [1, -1, 0, 2]), [1, 0, 0, 2])
    })
  })

  test('without a classifier ends in the mean of its maps', () => {
    const model = sequentialModel([{ kind: 'ReLU', name: 'maps', config: images }])
    withTrained({ modelJson: model, weights: [new Uint8Array()] }, (trained) => {
      expect(tapShapes(trained.network)).toEqual({ maps: [2, 2, 1], pooled: [1] })
      expectClose(outputs(trained, [1, -1, 0, 2]), [0.75])
    })
  })

  test('may have quantised weights', () => {
    const quantised = sequentialModel(
      [
        { kind: 'Flatten', name: 'pixels', config: images },
        { kind: 'Dense', name: 'classifier', config: { units: 1 } },
      ],
      [
        { name: 'classifier/kernel', shape: [4, 1], quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
        { name: 'classifier/bias', shape: [1], quantization: { dtype: 'float16' } },
      ],
    )
    // 0x3e00 is 1.5 in half precision.
    withTrained({ modelJson: quantised, weights: [Uint8Array.of(0, 2, 4, 255, 0x00, 0x3e)] }, (trained) => {
      expectClose(outputs(trained, [1, 10, 100, 1000]), [-1 + 0 + 100 + 126.5 * 1000 + 1.5])
    })
    const wide = sequentialModel(
      [
        { kind: 'Flatten', name: 'pixels', config: images },
        { kind: 'Dense', name: 'classifier', config: { units: 1, use_bias: false } },
      ],
      [{ name: 'classifier/kernel', shape: [4, 1], quantization: { dtype: 'uint16', scale: 2, min: 1 } }],
    )
    withTrained({ modelJson: wide, weights: [Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 1)] }, (trained) => {
      expectClose(outputs(trained, [1, 1, 1, 1]), [4 + 2 * 257])
    })
  })

  test('may have a layer named as its head, or none', () => {
    expect(() => importTfjsModel({ modelJson: linear, weights: [linearBytes], head: 'pixels' })).toThrow("The layer 'pixels' cannot be the head")
    withTrained({ modelJson: linear, weights: [linearBytes], head: false }, (trained) => {
      expect(tapShapes(trained.network)).toEqual({ pixels: [4], classifier: [2] })
      expectClose(outputs(trained, [1, 0, 0, 2]), [15.5, 17.5])
    })
  })

  test('of any image size needs one', () => {
    const model = sequentialModel([{ kind: 'ReLU', name: 'maps', config: { batch_input_shape: [null, null, null, 3] } }])
    expect(() => importTfjsModel({ modelJson: model, weights: [new Uint8Array()] })).toThrow("[any, any, 3]). Give the option 'inputShape'")
    expect(() => importTfjsModel({ modelJson: model, weights: [new Uint8Array()], inputShape: [8, 8, 1] })).toThrow("the option 'inputShape' is [8, 8, 1]")
    withTrained({ modelJson: model, weights: [new Uint8Array()], inputShape: [8, 8, 3] }, (trained) => expect(trained.network.inputShape).toEqual([8, 8, 3]))
  })
})

describe('what cannot be read is said', () => {
  const codeOf = (model: unknown, weights: TfjsModel['weights'] = [new Uint8Array()]): (() => unknown) => () => importTfjsModel({ modelJson: model, weights })

  test.each([
    ['text', 'not JSON', 'it is not even JSON'],
    ['a list', [1], 'it is a list'],
    ['another object', { name: 'package', version: '1' }, "it has no 'modelTopology' but: name, version"],
    ['a model without weights', { modelTopology: { class_name: 'Model', config: {} } }, "it has no 'weightsManifest'"],
    ['a broken manifest', { ...linear, weightsManifest: [{ paths: 'a.bin', weights: [] }] }, "'weightsManifest.0.paths' is not as it should be"],
    ['an unknown class', { ...linear, modelTopology: { class_name: 'Estimator', config: {} } }, "class 'Estimator'"],
  ])('%s', (_name, model, message) => {
    expect(codeOf(model, [linearBytes])).toThrow(message)
    expect(codeOf(model, [linearBytes])).toThrow(expect.objectContaining({ code: 'tfjs/not-a-model' }))
  })

  test('a missing, a truncated and a foreign file of weights', () => {
    expect(tfjsWeightPaths(linear)).toEqual(['a.bin'])
    expect(codeOf(linear, [])).toThrow("'a.bin' is the first that is missing")
    expect(codeOf(linear, [linearBytes.subarray(0, 17)])).toThrow('The weights in a.bin need 40 bytes, but 17 were found')
    expect(codeOf(linear, linearBytes.subarray(0, 17))).toThrow('The weights in a.bin need 40 bytes in all, but 17 were given')
    expect(codeOf({ ...linear, weightsManifest: [{ paths: ['a.bin'], weights: [{ name: 'classifier/kernel', shape: [2, 4], dtype: 'float32' }] }] }, [linearBytes.subarray(0, 32)])).toThrow("'classifier/kernel' has the shape [2,4], but the layer needs [4,2]")
    expect(codeOf({ ...linear, weightsManifest: [{ paths: [], weights: [] }] }, [])).toThrow("have no 'classifier/kernel'")
    expect(codeOf({ ...linear, weightsManifest: [{ paths: ['a.bin'], weights: [{ name: 'x', shape: [1], dtype: 'complex64' }] }] })).toThrow("elements of type 'complex64'")
  })

  test('layers that are unknown or recurrent, settings and activations that have no counterpart', () => {
    const one = (source: LayerSource) => sequentialModel([{ ...source, config: { ...images, ...source.config } }])
    expect(codeOf(one({ kind: 'Lambda', name: 'magic' }))).toThrow(/'magic' is of the type 'Lambda'.*Supported are: InputLayer, Conv2D/)
    expect(codeOf(one({ kind: 'LSTM', name: 'memory' }))).toThrow("'memory' is recurrent ('LSTM')")
    expect(codeOf(one({ kind: 'Activation', name: 'bend', config: { activation: 'mish' } }))).toThrow("the activation 'mish'")
    expect(codeOf(one({ kind: 'MaxPooling2D', name: 'pool', config: { pool_size: [2, 1] } }))).toThrow("'pool' is 2 x 1")
    expect(codeOf(one({ kind: 'MaxPooling2D', name: 'pool', config: { pool_size: [3, 3] } }))).toThrow('a window of 3 x 3 does not fit into maps of 2 x 2')
    expect(codeOf(one({ kind: 'Conv2D', name: 'holes', config: { filters: 1, kernel_size: [2, 2], dilation_rate: [2, 2] } }))).toThrow("setting 'dilation_rate' is [2,2]")
    expect(codeOf(one({ kind: 'Conv2D', name: 'first', config: { filters: 1, kernel_size: [2, 2], data_format: 'channels_first' } }))).toThrow(`setting 'data_format' is "channels_first"`)
  })
})


import { loadGraphModel } from '@tensorflow/tfjs-converter'
import { type Tensor as UpstreamTensor, tensor as upstreamTensor } from '@tensorflow/tfjs-core'
import { openRuntime } from '@transferkit/runtime/node'
import { foldIn, inference, normalArray, randomKey, release, scope, tapShapes, tensor, uniformArray } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { exportLayersModel, foldBatchNorms, importTfjsModel } from '@transferkit/vision'
import { beforeAll, describe, expect, test } from 'vitest'

beforeAll(async () => {
  const runtime = await openRuntime()
  return () => runtime.close()
})

interface NodeSource {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
  readonly attr?: Readonly<Record<string, unknown>>
}

interface Constant {
  readonly shape: readonly number[]
  readonly values: Float32Array | Int32Array
}

const text = (value: string) => ({ s: btoa(value) })
const integers = (...values: number[]) => ({ list: { i: values.map(String) } })
const texts = (...values: string[]) => ({ list: { s: values.map((value) => btoa(value)) } })

const windowed = (padding: string, strides: number, size?: number) => ({
  padding: text(padding),
  strides: integers(1, strides, strides, 1),
  data_format: text('NHWC'),
  ...(size === undefined ? { dilations: integers(1, 1, 1, 1) } : { ksize: integers(1, size, size, 1) }),
})

const key = randomKey(5)
const size = [9, 12, 3]

/** A graph with its constants: nodes come with the names of their inputs, and constants are filled at random unless told. */
const graph = (nodes: readonly NodeSource[], constants: Readonly<Record<string, readonly number[] | Constant>>) => {
  const filled = Object.entries(constants).map(([name, given]): readonly [string, Constant] => {
    if (!Array.isArray(given)) return [name, given as Constant]
    const shape = given as readonly number[]
    return [name, { shape, values: uniformArray(foldIn(key, name), shape.reduce((product, axis) => product * axis, 1), name.startsWith('variance') ? 0.3 : -0.5, name.startsWith('variance') ? 1 : 0.7) }]
  })
  const typeOf = ({ values }: Constant): 'float32' | 'int32' => (values instanceof Int32Array ? 'int32' : 'float32')
  const node = [
    { name: 'images', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: '-1' }, ...size.map((axis) => ({ size: String(axis) }))] } } } },
    ...filled.map(([name, constant]) => ({ name, op: 'Const', attr: { dtype: { type: typeOf(constant) === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } } })),
    ...nodes,
  ]
  const bytes = filled.map(([, { values }]) => new Uint8Array(values.buffer))
  const weights = Uint8Array.from(bytes.flatMap((part) => [...part]))
  const specifications = filled.map(([name, constant]) => ({ name, shape: [...constant.shape], dtype: typeOf(constant) }))
  return { modelJson: { format: 'graph-model', modelTopology: { node, versions: { producer: 1 } }, weightsManifest: [{ paths: ['a.bin'], weights: specifications }] }, weights }
}

const values = (...numbers: number[]): Constant => ({ shape: [numbers.length], values: Int32Array.from(numbers) })

const shape = [2, ...size]
const images = normalArray(foldIn(key, 'images'), shape.reduce((product, axis) => product * axis, 1))

const upstreamOutputs = async ({ modelJson, weights }: ReturnType<typeof graph>): Promise<Float32Array> => {
  const model = await loadGraphModel({
    load: () => Promise.resolve({ modelTopology: modelJson.modelTopology, weightSpecs: modelJson.weightsManifest[0]!.weights, weightData: weights.slice().buffer }),
  })
  const x = upstreamTensor(images, shape)
  // A graph of one output gives one tensor.
  const y = model.predict(x) as UpstreamTensor
  const outputs = Float32Array.from(await y.data())
  x.dispose()
  y.dispose()
  model.dispose()
  return outputs
}

const fused: NodeSource[] = [
  { name: 'stem', op: '_FusedConv2D', input: ['images', 'stem_filter', 'stem_bias'], attr: { ...windowed('SAME', 2), fused_ops: texts('BiasAdd', 'Relu6'), num_args: { i: '1' } } },
  { name: 'deep', op: 'FusedDepthwiseConv2dNative', input: ['stem', 'deep_filter', 'deep_bias'], attr: { ...windowed('SAME', 2), fused_ops: texts('BiasAdd', 'Relu'), num_args: { i: '1' } } },
  { name: 'branch', op: '_FusedConv2D', input: ['deep', 'branch_filter', 'branch_bias'], attr: { ...windowed('VALID', 1), fused_ops: texts('BiasAdd'), num_args: { i: '1' } } },
  { name: 'sum', op: 'AddV2', input: ['branch', 'deep'] },
  { name: 'pool', op: 'AvgPool', input: ['sum'], attr: windowed('SAME', 2, 2) },
  { name: 'mean', op: 'Mean', input: ['pool', 'axes'], attr: { keep_dims: { b: true } } },
  { name: 'classifier', op: '_FusedConv2D', input: ['mean', 'classifier_filter', 'classifier_bias'], attr: { ...windowed('SAME', 1), fused_ops: texts('BiasAdd'), num_args: { i: '1' } } },
  { name: 'logits', op: 'Squeeze', input: ['classifier'], attr: { squeeze_dims: integers(1, 2) } },
]

const fusedConstants = { stem_filter: [3, 3, 3, 4], stem_bias: [4], deep_filter: [3, 3, 4, 1], deep_bias: [4], branch_filter: [1, 1, 4, 4], branch_bias: [4], axes: values(1, 2), classifier_filter: [1, 1, 4, 5], classifier_bias: [5] }

const plain: NodeSource[] = [
  { name: 'scaled', op: 'Mul', input: ['images', 'half'] },
  { name: 'centred', op: 'Sub', input: ['scaled', 'one'] },
  { name: 'padded', op: 'Pad', input: ['centred', 'border'] },
  { name: 'conv/Conv2D', op: 'Conv2D', input: ['padded', 'filter'], attr: windowed('VALID', 2) },
  { name: 'conv/BiasAdd', op: 'BiasAdd', input: ['conv/Conv2D', 'bias'], attr: { data_format: text('NHWC') } },
  { name: 'norm', op: 'FusedBatchNormV3', input: ['conv/BiasAdd', 'scale', 'offset', 'mean', 'variance'], attr: { epsilon: { f: 0.01 }, is_training: { b: false }, data_format: text('NHWC') } },
  { name: 'leaky', op: 'LeakyRelu', input: ['norm'], attr: { alpha: { f: 0.1 } } },
  { name: 'pool', op: 'MaxPool', input: ['leaky'], attr: windowed('SAME', 2, 3) },
  { name: 'gate', op: 'Sigmoid', input: ['pool'] },
  { name: 'gated', op: 'Mul', input: ['pool', 'gate:0'] },
  { name: 'joined', op: 'ConcatV2', input: ['gated', 'pool', 'last_axis'], attr: { N: { i: '2' } } },
  { name: 'shifted', op: 'AddV2', input: ['joined', 'shift'] },
  { name: 'copied', op: 'Identity', input: ['shifted', '^gate'] },
  { name: 'flat', op: 'Reshape', input: ['copied', 'flat_shape'] },
  { name: 'hidden', op: 'MatMul', input: ['flat', 'hidden_weight'] },
  { name: 'hidden/BiasAdd', op: 'BiasAdd', input: ['hidden', 'hidden_bias'] },
  { name: 'hidden/Relu', op: 'Relu', input: ['hidden/BiasAdd'] },
  { name: 'classifier', op: '_FusedMatMul', input: ['hidden/Relu', 'weight', 'classifier_bias'], attr: { fused_ops: texts('BiasAdd'), num_args: { i: '1' } } },
]

const plainConstants = {
  half: { shape: [], values: Float32Array.of(0.5) },
  one: { shape: [], values: Float32Array.of(1) },
  border: { shape: [4, 2], values: Int32Array.of(0, 0, 0, 1, 1, 0, 0, 0) },
  filter: [3, 3, 3, 4],
  bias: [4],
  scale: [4],
  offset: [4],
  mean: [4],
  variance: [4],
  last_axis: { shape: [], values: Int32Array.of(-1) },
  shift: [8],
  flat_shape: values(-1, 48),
  hidden_weight: [48, 6],
  hidden_bias: [6],
  weight: [6, 5],
  classifier_bias: [5],
}

const cases = [
  ['fused operations, a branch, and a convolution as the classifier', graph(fused, fusedConstants), ['stem', 'deep', 'sum', 'pool', 'mean']],
  ['single operations, constants and shapes', graph(plain, plainConstants), ['scaled', 'centred', 'padded', 'conv/BiasAdd', 'norm', 'leaky', 'pool', 'joined', 'shifted', 'flat', 'hidden/BiasAdd', 'hidden/Relu']],
] as const

describe('a graph model computes here what it computes in TensorFlow.js', () => {
  test.each(cases)('%s', async (_name, files, taps) => {
    const expected = await upstreamOutputs(files)
    const imported = importTfjsModel(files)
    const folded = foldBatchNorms(imported)
    const { modelJson, weights } = exportLayersModel(imported)
    const again = importTfjsModel({ modelJson, weights })
    for (const { network, variables } of [imported, folded, again]) {
      scope(() => expectClose(network.apply(variables, tensor(images, shape), inference).output, expected, { absolute: 1e-5, relative: 1e-5 }))
      expect(network.head.description).toMatchObject({ kind: 'dense', units: 5 })
    }
    expect(folded.folded).toEqual(taps.includes('norm' as never) ? ['norm'] : [])
    expect(Object.keys(tapShapes(imported.network))).toEqual(taps)
    release({ imported: { ...imported.variables }, folded: { ...folded.variables }, again: { ...again.variables } })
  })

  test('and what has no counterpart is said', () => {
    const failing = (...nodes: NodeSource[]) => () => importTfjsModel(graph(nodes, { axes: values(1, 2) }))
    expect(failing({ name: 'loop', op: 'While', input: ['images'] })).toThrow(/'loop' is of the type 'While'.*Supported are: Const/)
    expect(failing({ name: 'a', op: 'Relu', input: ['images'] }, { name: 'b', op: 'Relu', input: ['images'] })).toThrow('2 outputs (a, b)')
    expect(failing({ name: 'a', op: 'Relu', input: ['b'] })).toThrow("takes the output of 'b'")
    expect(failing({ name: 'a', op: 'MaxPool', input: ['images'], attr: { ...windowed('VALID', 1, 2), data_format: text('NCHW') } })).toThrow("'data_format' is NCHW")
    expect(failing({ name: 'a', op: 'Conv2D', input: ['images', 'images'], attr: windowed('SAME', 1) })).toThrow("its input 2, 'images', is not a constant")
    expect(failing({ name: 'a', op: 'Add', input: ['images', 'b'] }, { name: 'b', op: 'Relu', input: ['a'] }, { name: 'c', op: 'Relu', input: ['b'] })).toThrow('in a circle')
  })
})

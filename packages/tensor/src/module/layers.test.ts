import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { valueAndGradWithAuxiliary } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { fill, ones, randomNormal, tensor, zeros } from '../ops/creation.js'
import { multiply, square } from '../ops/arithmetic.js'
import { matMul } from '../ops/matrix-product.js'
import { mean } from '../ops/reduction.js'
import { foldIn, randomKey } from '../random/key.js'
import { item, readSync } from '../tensor/read.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { flattenTree } from '../tree/tree.js'
import { variable } from './layer.js'
import {
  averagePoolLayer,
  batchNormLayer,
  convolutionLayer,
  denseLayer,
  depthwiseConvolutionLayer,
  dropoutLayer,
  flattenLayer,
  globalAveragePoolLayer,
  identityLayer,
  maxPoolLayer,
  relu6Layer,
  reluLayer,
} from './layers.js'
import { inference, type Module, trainingMode } from './module.js'

const key = randomKey(1)

/** Applies a layer of any input to a tensor of any axes. */
const any = (module: unknown): Module => module as Module

const shapesOf = (tree: Parameters<typeof flattenTree<Tensor>>[0]): Record<string, Shape> =>
  Object.fromEntries(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf.shape]))

describe.each([
  { name: 'dense', module: any(denseLayer({ units: 5 })), input: [2, 3], params: { weight: [3, 5], bias: [5] }, output: [2, 5] },
  { name: 'dense without bias', module: any(denseLayer({ units: 5, bias: false })), input: [2, 3], params: { weight: [3, 5] }, output: [2, 5] },
  { name: 'convolution', module: any(convolutionLayer({ channels: 4, kernelSize: 3, padding: 1, strides: 2 })), input: [2, 6, 5, 3], params: { filter: [3, 3, 3, 4] }, output: [2, 3, 3, 4] },
  {
    name: 'convolution with bias',
    module: any(convolutionLayer({ channels: 4, kernelSize: 2, padding: [[0, 1], [1, 0]], bias: true })),
    input: [2, 6, 5, 3],
    params: { filter: [2, 2, 3, 4], bias: [4] },
    output: [2, 6, 5, 4],
  },
  { name: 'depthwise convolution', module: any(depthwiseConvolutionLayer({ kernelSize: 3, padding: 1 })), input: [2, 6, 5, 3], params: { filter: [3, 3, 3, 1] }, output: [2, 6, 5, 3] },
  { name: 'depthwise convolution with several filters a channel', module: any(depthwiseConvolutionLayer({ kernelSize: [2, 3], multiplier: 2, bias: true })), input: [2, 6, 5, 3], params: { bias: [6], filter: [2, 3, 3, 2] }, output: [2, 5, 3, 6] },
  { name: 'convolution of uneven sides and steps', module: any(convolutionLayer({ channels: 4, kernelSize: [1, 3], strides: [2, 1] })), input: [2, 6, 5, 3], params: { filter: [1, 3, 3, 4] }, output: [2, 3, 3, 4] },
  { name: 'maximum pooling with an uneven border', module: any(maxPoolLayer({ size: 2, padding: [[0, 1], [1, 0]] })), input: [2, 5, 5, 3], output: [2, 3, 3, 3] },
  { name: 'batch norm', module: batchNormLayer(), input: [2, 6, 5, 3], params: { scale: [3], offset: [3] }, state: { mean: [3], variance: [3] }, output: [2, 6, 5, 3] },
  { name: 'relu', module: reluLayer(), input: [2, 3], output: [2, 3] },
  { name: 'relu6', module: relu6Layer(), input: [2, 3], output: [2, 3] },
  { name: 'identity', module: identityLayer(), input: [2, 3], output: [2, 3] },
  { name: 'dropout', module: dropoutLayer(0.5), input: [2, 3], output: [2, 3] },
  { name: 'maximum pooling', module: any(maxPoolLayer({ size: 3, strides: 2, padding: 1 })), input: [2, 6, 6, 3], output: [2, 3, 3, 3] },
  { name: 'average pooling', module: any(averagePoolLayer({ size: 2 })), input: [2, 6, 5, 3], output: [2, 3, 2, 3] },
  { name: 'global average pooling', module: any(globalAveragePoolLayer()), input: [2, 6, 5, 3], output: [2, 3] },
  { name: 'flatten', module: any(flattenLayer()), input: [2, 6, 5, 3], output: [2, 90] },
])('$name', ({ module, input, params = {}, state = {}, output }) => {
  test('has the variables and the output shape that its documentation says', () => {
    scope(() => {
      const variables = module.init(key, [1, ...input.slice(1)])
      expect(shapesOf(variables.params)).toEqual(params)
      expect(shapesOf(variables.state)).toEqual(state)
      for (const mode of [inference, trainingMode(key)]) {
        const applied = module.apply(variables, randomNormal(key, input), mode)
        expect(applied.output.shape).toEqual(output)
        expect(shapesOf(applied.state)).toEqual(state)
        expect(applied.taps).toEqual({})
      }
    })
  })

  test('the same key makes the same variables', () => {
    scope(() => {
      const [first, second] = [module.init(key, input), module.init(key, input)].map(({ params: made }) => flattenTree<Tensor>(made).map(({ leaf }) => [...readSync(leaf)]))
      expect(first).toEqual(second)
    })
  })
})

describe('starts are those of PyTorch', () => {
  // Uniform in ±1/√(fan in): the standard deviation is the bound divided by √3.
  test.each([
    { name: 'dense', module: any(denseLayer({ units: 200 })), input: [1, 64], variableName: 'weight', bound: 1 / 8 },
    { name: 'dense bias', module: any(denseLayer({ units: 5000 })), input: [1, 64], variableName: 'bias', bound: 1 / 8 },
    { name: 'convolution', module: any(convolutionLayer({ channels: 64, kernelSize: 3 })), input: [1, 8, 8, 16], variableName: 'filter', bound: 1 / 12 },
    { name: 'convolution bias', module: any(convolutionLayer({ channels: 5000, kernelSize: 3, bias: true })), input: [1, 8, 8, 1], variableName: 'bias', bound: 1 / 3 },
    { name: 'depthwise convolution', module: any(depthwiseConvolutionLayer({ kernelSize: 3 })), input: [1, 8, 8, 1000], variableName: 'filter', bound: 1 / 3 },
  ])('$name', ({ module, input, variableName, bound }) => {
    scope(() => {
      const values = readSync(variable(module.init(key, input).params, variableName))
      const deviation = Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length)
      expect(deviation / (bound / Math.sqrt(3))).toBeCloseTo(1, 1)
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound * (1 + 1e-6))
    })
  })
})

test('a dense layer computes x W + b', () => {
  scope(() => {
    const params = { weight: tensor([1, 2, 3, 4, 5, 6], [2, 3]), bias: tensor([10, 20, 30], [3]) }
    const { output } = any(denseLayer({ units: 3 })).apply({ params, state: {} }, tensor([1, -1], [1, 2]), inference)
    expectClose(output, [10 + 1 - 4, 20 + 2 - 5, 30 + 3 - 6])
    expect(() => matMul(params.weight, params.weight as Tensor)).toThrow(TransferkitError)
  })
})

describe('batch norm', () => {
  test('in inference uses the running statistics and leaves them alone', () => {
    scope(() => {
      const state = { mean: tensor([1, 2], [2]), variance: tensor([4, 9], [2]) }
      const params = { scale: tensor([2, 3], [2]), offset: tensor([0.5, -0.5], [2]) }
      const applied = batchNormLayer({ epsilon: 0 }).apply({ params, state }, tensor([3, 5], [1, 2]), inference)
      expectClose(applied.output, [2 * 1 + 0.5, 3 * 1 - 0.5])
      expect(applied.state).toBe(state)
    })
  })

  test('in training normalises the batch, and moves the running statistics by its unbiased variance', () => {
    scope(() => {
      const norm = batchNormLayer({ momentum: 0.75, epsilon: 0 })
      const applied = norm.apply(norm.init(key, [1, 1]), tensor([1, 3, 5], [3, 1]), trainingMode(key))
      const deviation = Math.sqrt(8 / 3)
      expectClose(applied.output, [-2 / deviation, 0, 2 / deviation])
      expectClose(variable(applied.state, 'mean'), [0.25 * 3])
      expectClose(variable(applied.state, 'variance'), [0.75 + 0.25 * 4])
    })
  })

  test('no gradient flows through the running statistics', () => {
    scope(() => {
      const norm = batchNormLayer()
      const { params, state } = norm.init(key, [1, 2])
      const { gradient } = valueAndGradWithAuxiliary((x: Tensor) => {
        const applied = norm.apply({ params, state }, x, trainingMode(key))
        return { value: mean(square(variable(applied.state, 'mean'))), auxiliary: applied.state }
      })(randomNormal(key, [4, 2]))
      expectClose(gradient, [0, 0, 0, 0, 0, 0, 0, 0])
    })
  })

  test('a single value a channel has no variance', () => {
    scope(() => {
      const norm = batchNormLayer()
      expect(() => norm.apply(norm.init(key, [1, 2]), ones([1, 2]), trainingMode(key))).toThrow(
        'Batch norm needs more than one value a channel in training, but the batch has shape [1,2]. Use a larger batch, or drop the last one.',
      )
    })
  })
})

describe('dropout', () => {
  const applied = (rate: number, mode = trainingMode(key)): Tensor => dropoutLayer(rate).apply({ params: {}, state: {} }, fill([100, 100], 3), mode).output

  test('keeps the mean, drops the given share, and depends on the key alone', () => {
    scope(() => {
      const values = readSync(applied(0.25))
      const dropped = values.filter((value) => value === 0).length / values.length
      expect(dropped).toBeCloseTo(0.25, 1)
      for (const value of new Set(values)) expect([0, 4]).toContain(Math.round(value * 1e5) / 1e5)
      expect(item(mean(applied(0.25)))).toBeCloseTo(3, 0)
      expect(readSync(applied(0.25))).toEqual(values)
      expect(readSync(applied(0.25, trainingMode(foldIn(key, 'other'))))).not.toEqual(values)
    })
  })

  test('does nothing in inference, or at a rate of 0', () => {
    scope(() => {
      const { output } = dropoutLayer(0.5).apply({ params: {}, state: {} }, ones([2, 2]), inference)
      expectClose(output, [1, 1, 1, 1])
      expectClose(multiply(applied(0), 1 / 3), new Float32Array(10_000).fill(1))
    })
  })

  test.each([1, 2])('refuses a rate of %d', (rate) => {
    scope(() => {
      expect(() => applied(rate)).toThrow(`A dropout rate is at least 0 and below 1, not ${rate}.`)
    })
  })
})

describe('variable', () => {
  test('names what is missing and what there is', () => {
    scope(() => {
      const tree = { filter: zeros([1]), branch: { bias: zeros([1]) } }
      expect(variable(tree, 'filter')).toBe(tree.filter)
      expect(() => variable(tree, 'bias')).toThrow(`A layer needs the tensor 'bias', but its variables are: filter, branch. Were they made for another network?`)
      expect(() => variable({}, 'bias')).toThrow('its variables are: none')
      expect(() => variable(tree, 'branch')).toThrow(TransferkitError)
      // A tensor is no tree; its own properties are not variables.
      expect(() => variable(tree.filter, 'shape')).toThrow(TransferkitError)
    })
  })
})

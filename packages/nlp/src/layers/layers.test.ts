import { foldIn, grad, inference, integerTensor, max, mean, type Module, pad, randomKey, randomNormal, readSync, type Scalar, scope, slice, sum, type Tensor, tensor, type TensorTree, variable, type Variables } from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { maskFor } from '../recurrent/masks.fixture.js'
import { maskedSequence, maskOf, valuesOf } from '../sequence.js'
import { embeddingLayer } from './embedding-layer.js'
import { pairFeaturesLayer } from './pair-features-layer.js'
import { sequencePoolingLayer, sequencePoolings } from './pooling-layer.js'
import { sequenceConvolutionLayer } from './sequence-convolution-layer.js'

const key = randomKey(7)
const normal = (name: string, shape: readonly number[]): Tensor => randomNormal(foldIn(key, name), shape)
const none: Variables = { params: {}, state: {} }

const applied = (module: Module, input: Tensor, variables = module.init(key, [1, ...input.shape.slice(1)])): Tensor => module.apply(variables, input, inference).output

describe('the embedding', () => {
  const module = embeddingLayer({ vocabulary: 4, size: 2 })

  test('gives the rows of the table and the mask, for floats and integers', () => {
    scope(() => {
      const table = tensor([9, 9, 1, 2, 3, 4, 5, 6], [4, 2])
      const ids = [3, 1, 0, 2, 0, 0]
      for (const input of [tensor(ids, [2, 3]), integerTensor(ids, [2, 3]) as unknown as Tensor]) {
        const output = module.apply({ params: { table }, state: {} }, input, inference).output
        expectClose(valuesOf(output), [5, 6, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0], { absolute: 0 })
        expectClose(maskOf(output), [1, 1, 0, 1, 0, 0], { absolute: 0 })
      }
    })
  })

  test('starts with a padding row of 0, which has no gradient, whatever it holds', () => {
    scope(() => {
      const { params } = module.init(key, [1, 3])
      expect([...readSync(variable(params, 'table'))].slice(0, 2)).toEqual([0, 0])
      const loss = (tree: TensorTree): Scalar => sum(module.apply({ params: tree, state: {} }, tensor([2, 2, 0], [1, 3]), inference).output)
      expectClose(variable(grad(loss)({ table: tensor([7, 7, 1, 2, 3, 4, 5, 6], [4, 2]) }), 'table'), [0, 0, 0, 0, 2, 2, 0, 0], { absolute: 0 })
    })
  })

  test('starts from given vectors but for the padding, and refuses those of another vocabulary', () => {
    scope(() => {
      const initial = Float32Array.from([1, 2, 3, 4])
      const { params } = embeddingLayer({ vocabulary: 2, size: 2, initial }).init(key, [1, 3])
      expect([...readSync(variable(params, 'table'))]).toEqual([0, 0, 3, 4])
      expect([...initial]).toEqual([1, 2, 3, 4])
    })
    expect(() => embeddingLayer({ vocabulary: 3, size: 2, initial: new Float32Array(4) })).toThrow(/4 values, but 3 tokens of 2 channels need 6/)
  })
})

describe('pooling', () => {
  const [lengths, steps] = [[4, 2, 1], 4]

  test.each(sequencePoolings)('passes over the padding, is finite for empty texts and has right gradients: %s', (pooling) => {
    scope(() => {
      const module = sequencePoolingLayer({ pooling })
      const variables = module.init(key, [1, steps, 4])
      const values = normal('values', [3, steps, 3])
      const sequence = maskedSequence(values, maskFor(lengths, steps))
      const output = applied(module, sequence, variables)
      const alone = applied(module, maskedSequence(slice(values, [1, 0, 0], [1, 2, 3]), maskFor([2], 2)), variables)
      expectClose(slice(output, [1, 0], [1, 3]), alone, { absolute: 1e-6, relative: 0 })
      expectClose(applied(module, pad(sequence, [[0, 0], [0, 3], [0, 0]]), variables), output, { absolute: 1e-6, relative: 0 })
      expectClose(applied(module, maskedSequence(values, maskFor([0, 0, 0], steps)), variables), new Float32Array(9), { absolute: 0 })
      const { first } = checkGradients({ f: (x) => applied(module, maskedSequence(x, maskFor([...lengths.slice(0, 2), 0], steps)), variables), inputs: [values], orders: [1] })
      expect(first![0]).toBeLessThan(1e-2)
    })
  })

  test('is what its name says', () => {
    scope(() => {
      const values = normal('values', [1, 3, 4])
      const sequence = maskedSequence(pad(values, [[0, 0], [0, 2], [0, 0]]), maskFor([3], 5))
      const pooled = (pooling: 'last' | 'mean' | 'max', bidirectional = false): Tensor => applied(sequencePoolingLayer({ pooling, bidirectional }), sequence, none)
      expectClose(pooled('mean'), mean(values, [1]))
      expectClose(pooled('max'), max(values, [1]))
      expectClose(pooled('last'), slice(values, [0, 2, 0], [1, 1, 4]), { absolute: 0 })
      const steps = readSync(values)
      expectClose(pooled('last', true), [steps[8]!, steps[9]!, steps[2]!, steps[3]!], { absolute: 0 })
    })
  })

  test('by attention without a query is the mean', () => {
    scope(() => {
      const values = normal('values', [2, 3, 4])
      const variables = { params: { weight: normal('weight', [4, 4]), bias: normal('bias', [4]), query: tensor([0, 0, 0, 0], [4, 1]) }, state: {} }
      expectClose(applied(sequencePoolingLayer({ pooling: 'attention' }), maskedSequence(values, maskFor([3, 3], 3)), variables), mean(values, [1]))
    })
  })
})

test('features of a pair are both vectors, their distance and their product', () => {
  scope(() => {
    expectClose(applied(pairFeaturesLayer(), tensor([1, 2, 3, -1], [1, 2, 2]), none), [1, 2, 3, -1, 2, 3, 3, -2], { absolute: 0 })
  })
})

test('a convolution along a sequence is the sum over its window, with zeros outside, and passes over the padding', () => {
  scope(() => {
    const module = sequenceConvolutionLayer({ widths: [1, 2, 3], channels: 1 })
    const ones = (width: number): TensorTree => ({ filter: tensor(new Float32Array(width).fill(1), [width, 1, 1, 1]), bias: tensor([0], [1]) })
    const variables = { params: { width1: ones(1), width2: ones(2), width3: ones(3) }, state: {} }
    const output = applied(module, maskedSequence(tensor([1, 2, 4, 50, 8, 50], [2, 3, 1]), maskFor([3, 2], 3)), variables)
    expectClose(valuesOf(output), [1, 3, 3, 2, 6, 7, 4, 4, 6, 50, 58, 58, 8, 8, 58, 0, 0, 0], { absolute: 0 })
    expectClose(maskOf(output), maskFor([3, 2], 3), { absolute: 0 })
  })
})

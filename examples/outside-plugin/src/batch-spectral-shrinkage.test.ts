import { grad, normalArray, randomKey, readSync, scope, type Tensor, tensor, type Vectors } from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { testRegulariser, testStrategy } from '@transferkit/training/testing'
import { tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { batchSpectralShrinkage, batchSpectralShrinkagePenalty } from './batch-spectral-shrinkage.js'
import { smallestSquaredSingularValues } from './smallest-squared-singular-values.js'

// With the weight of the paper the term is small beside the cross-entropy; a larger one shows its gradient.
testRegulariser({ regulariser: batchSpectralShrinkagePenalty, options: { eta: 0.5, smallest: 2 } })
testStrategy({ strategy: batchSpectralShrinkage })

const matrix = (values: readonly number[] | Float32Array, rows: number, columns: number): Vectors => tensor(values, [rows, columns]) as Tensor as Vectors
const random = (rows: number, columns: number): Vectors => matrix(normalArray(randomKey(rows), rows * columns), rows, columns)

describe('the sum of the smallest squared singular values', () => {
  test('of a diagonal matrix is that of its smallest elements', () => {
    scope(() => {
      const diagonal = matrix([3, 0, 0, 0, -1, 0, 0, 0, 2], 3, 3)
      expectClose([1, 2, 3].map((count) => readSync(smallestSquaredSingularValues(diagonal, count))[0] ?? Number.NaN), [1, 5, 14])
    })
  })

  test.each([[4, 7], [7, 4]])('of a %d x %d matrix, taken all together, is its squared Frobenius norm', (rows, columns) => {
    scope(() => {
      const x = random(rows, columns)
      expectClose(smallestSquaredSingularValues(x, 4), [readSync(x).reduce((total, value) => total + value * value, 0)], { relative: 1e-4 })
    })
  })

  test.each([[4, 7], [7, 4]])('has the gradient of finite differences (%d x %d)', (rows, columns) => {
    scope(() => {
      const { first } = checkGradients({ f: (x) => smallestSquaredSingularValues(x as Vectors, 2), inputs: [random(rows, columns)], orders: [1] })
      expect(first?.[0]).toBeLessThan(2e-2)
    })
  })

  test('has the gradient 2 σ u vᵀ', () => {
    scope(() => {
      const gradient = grad((x: Vectors) => smallestSquaredSingularValues(x, 1))(matrix([3, 0, 0, 0, -2, 0], 2, 3))
      expectClose(gradient, [0, 0, 0, 0, -4, 0])
    })
  })

  test('cannot be of more singular values than there are', () => {
    scope(() => {
      expect(() => smallestSquaredSingularValues(random(4, 7), 5)).toThrow("has 4 singular values; 5 of them cannot be shrunk. Lower the option 'smallest'")
    })
  })
})

describe('the tap', () => {
  const network = tinyNetwork(2)
  const prepare = (tap: string): unknown =>
    scope(() => batchSpectralShrinkage({ tap }).prepare({ source: { network, variables: network.init(randomKey(1), [1, 8, 8, 1]) }, task: { kind: 'classification', classes: ['a', 'b'] }, inputShape: [8, 8, 1] }))

  test('is looked up by its name', () => expect(() => prepare('poled')).toThrow("the network has no tap 'poled'. Did you mean 'pooled'?"))
  test('has to give vectors', () => expect(() => prepare('stage1')).toThrow("has the shape [8, 8, 4] at the tap 'stage1', but the method needs one vector an example"))
})

import { expect, test } from 'vitest'
import { multiplyAdds } from './arithmetic.mjs'

const counted = (name: string, inputShapes: readonly (readonly number[])[], output: readonly number[], attributes = {}): number =>
  multiplyAdds({ name, attributes, inputShapes, outputShapes: [output], milliseconds: 1, repeated: false })

test('a convolution and both its gradients multiply as often', () => {
  const [images, filter, maps] = [
    [2, 8, 8, 3],
    [3, 3, 3, 5],
    [2, 4, 4, 5],
  ]
  const expected = 2 * 4 * 4 * 5 * 3 * 3 * 3
  expect(counted('Conv2D', [images, filter], maps)).toBe(expected)
  expect(counted('Conv2DBackpropInput', [[4], filter, maps], images)).toBe(expected)
  expect(counted('Conv2DBackpropFilter', [images, [4], maps], filter)).toBe(expected)
})

test('our convolution counts as the one that it stands for', () => {
  expect(counted('TransferkitConvolution', [[2, 8, 8, 16], [3, 3, 16, 32]], [2, 8, 8, 32])).toBe(counted('Conv2D', [[2, 8, 8, 16], [3, 3, 16, 32]], [2, 8, 8, 32]))
  expect(counted('TransferkitConvolutionFilterGradient', [[2, 8, 8, 16], [2, 8, 8, 32]], [3, 3, 16, 32])).toBe(2 * 8 * 8 * 32 * 9 * 16)
})

test('matrix products, transposed or not, in batches or not', () => {
  expect(counted('MatMul', [[7, 3], [3, 5]], [7, 5], { transpose_a: false })).toBe(7 * 3 * 5)
  expect(counted('MatMul', [[3, 7], [3, 5]], [7, 5], { transpose_a: true })).toBe(7 * 3 * 5)
  expect(counted('BatchMatMul', [[4, 7, 3], [4, 3, 5]], [4, 7, 5])).toBe(4 * 7 * 3 * 5)
})

test('a sequence multiplies each state with the weights of all its gates', () => {
  expect(counted('TransferkitLstm', [[32, 40, 512], [128, 512]], [32, 40, 128])).toBe(32 * 40 * 128 * 512)
  expect(counted('TransferkitTransferLstm', [[32, 40, 512], [32, 40, 256], [128, 512]], [32, 40, 128])).toBe(32 * 40 * 128 * (512 + 256))
  expect(counted('Relu', [[2, 3]], [2, 3])).toBe(0)
})

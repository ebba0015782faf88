import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { vectorJacobianProducts } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import type { Images, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { conv2d, depthwiseConv2d, type Filters } from './convolution.js'
import { fill, ones, tensor } from './creation.js'
import { averagePool, globalAveragePool, maxPool } from './pooling.js'

describe('output sizes', () => {
  test.each([
    { height: 8, kernel: 3, strides: 1, padding: 1, expected: 8 },
    { height: 8, kernel: 3, strides: 2, padding: 1, expected: 4 },
    { height: 7, kernel: 3, strides: 2, padding: 1, expected: 4 },
    { height: 8, kernel: 3, strides: 2, padding: 0, expected: 3 },
    { height: 5, kernel: 1, strides: 2, padding: 0, expected: 3 },
  ])('$height high, kernel $kernel, strides $strides, padding $padding: $expected', ({ height, kernel, strides, padding, expected }) => {
    scope(() => {
      const images = ones([2, height, height + 1, 3])
      const width = Math.floor((height + 1 + 2 * padding - kernel) / strides) + 1
      expect(conv2d(images, ones([kernel, kernel, 3, 4]), { strides, padding }).shape).toEqual([2, expected, width, 4])
      expect(depthwiseConv2d(images, ones([kernel, kernel, 3, 2]), { strides, padding }).shape).toEqual([2, expected, width, 6])
      expect(maxPool(images, { size: kernel, strides, padding }).shape).toEqual([2, expected, width, 3])
    })
  })
})

test('explicit padding stands where it is told, unlike `same` of stride 2 on an even size', () => {
  scope(() => {
    const image = tensor([1, 2, 3, 4], [1, 2, 2, 1])
    const corner = tensor([1, 0, 0, 0], [2, 2, 1, 1])
    expectClose(conv2d(image, corner, { padding: [[1, 0], [1, 0]], strides: 2 }), [0])
    expectClose(conv2d(image, corner, { padding: [[0, 1], [0, 1]], strides: 1 }), [1, 2, 3, 4])
    expectClose(conv2d(image, corner, { padding: [[1, 0], [0, 1]], strides: [1, 2] }), [0, 1])
  })
})

test('the border of a maximum never wins, and takes no gradient', () => {
  scope(() => {
    const image = fill([1, 2, 2, 1], -5)
    expectClose(maxPool(image, { size: 2, strides: 1, padding: 1 }), new Float32Array(9).fill(-5))
  })
})

test('the gradient of a maximum goes to the first of equal elements', () => {
  scope(() => {
    const [gradient] = vectorJacobianProducts((x) => [maxPool(x as Images, { size: 2 })], [ones([1, 2, 2, 1])], [tensor([3], [1, 1, 1, 1])])
    expectClose(gradient, [3, 0, 0, 0])
  })
})

test('globalAveragePool gives a vector an example', () => {
  scope(() => {
    const pooled = globalAveragePool(tensor([1, 10, 3, 30], [1, 2, 1, 2]))
    expect(pooled.shape).toEqual([1, 2])
    expectClose(pooled, [2, 20])
  })
})

describe('mistakes are named', () => {
  // The compiler finds most of these; code in plain JavaScript meets the messages.
  const images = (shape: readonly number[]): Images => ones(shape) as Tensor as Images
  const filters = (shape: readonly number[]): Filters => ones(shape) as Tensor as Filters

  test.each([
    {
      name: 'channels of a convolution',
      f: () => conv2d(images([1, 8, 8, 3]), filters([3, 3, 4, 8])),
      message: 'conv2d: images of shape [1,8,8,3] do not fit filters of shape [3,3,4,8]. Expected [batch, height, width, channel] and [height, width, channel, ...] with the same number of channels.',
    },
    { name: 'axes of a convolution', f: () => conv2d(images([8, 8, 3]), filters([3, 3, 3, 8])), message: 'conv2d: images of shape [8,8,3] do not fit' },
    { name: 'size of a convolution', f: () => conv2d(images([1, 2, 8, 3]), filters([3, 3, 3, 8])), message: 'conv2d: a filter of 3 x 3 does not fit into images of 2 x 8. Use larger images, or more padding.' },
    { name: 'channels of a depthwise convolution', f: () => depthwiseConv2d(images([1, 8, 8, 3]), filters([3, 3, 4, 1])), message: 'depthwiseConv2d: images of shape' },
    { name: 'size of a maximum', f: () => maxPool(images([1, 2, 2, 1]), { size: 3 }), message: 'maxPool: a window of 3 x 3 does not fit into images of shape [1,2,2,1].' },
    { name: 'size of an average', f: () => averagePool(images([1, 2, 2, 1]), { size: 3 }), message: 'averagePool: a window of 3 x 3 does not fit' },
  ])('$name', ({ f, message }) => {
    scope(() => {
      expect(f).toThrow(TransferkitError)
      expect(f).toThrow(message)
    })
  })
})

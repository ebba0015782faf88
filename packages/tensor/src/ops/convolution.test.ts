import { profile } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { foldIn, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Images, Shape, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { add } from './arithmetic.js'
import { conv2d, conv2dWithCentre, type ConvolutionOptions, depthwiseConv2d, depthwiseConv2dWithCentre, type Filters, windowCentres } from './convolution.js'
import { randomNormal } from './creation.js'
import { sum } from './reduction.js'

const random = (name: string, shape: Shape): Tensor => randomNormal(foldIn(randomKey(1), name), shape)

// The shapes below are those of images and filters.
const images = (name: string, shape: Shape): Images => random(name, shape) as Images
// As above.
const filters = (name: string, shape: Shape): Filters => random(name, shape) as Filters

const cases: readonly (readonly [name: string, size: readonly [number, number], kernel: readonly [number, number], options: ConvolutionOptions])[] = [
  ['step 1', [5, 6], [3, 3], { padding: 1 }],
  ['step 2, even size', [6, 8], [3, 3], { padding: 1, strides: 2 }],
  ['step 2, odd size', [7, 5], [3, 3], { padding: 1, strides: 2 }],
  ['no padding', [6, 7], [3, 3], { strides: 2 }],
  ['more padding than half a window', [4, 5], [3, 3], { padding: 2, strides: 2 }],
  ['uneven padding', [6, 6], [3, 3], { padding: [[0, 1], [2, 0]], strides: 2 }],
  ['uneven steps and windows', [7, 9], [3, 5], { padding: [[1, 1], [2, 2]], strides: [3, 1] }],
  ['a window of 1 x 1', [6, 5], [1, 1], { strides: 2 }],
]

describe.each(cases)('a convolution with a centre: %s', (_name, [height, width], kernel, options) => {
  it('is the convolution and a 1 x 1 convolution of the middles of its windows', () => {
    scope(() => {
      const x = images('x', [2, height, width, 3])
      const [filter, centre] = [filters('filter', [...kernel, 3, 4]), filters('centre', [1, 1, 3, 4])]
      const apart = add(conv2d(x, filter, options) as Tensor, conv2d(windowCentres(x, kernel, options), centre) as Tensor)
      expectClose(conv2dWithCentre(x, filter, centre, options), apart, { absolute: 1e-5 })

      const [each, middle] = [filters('each', [...kernel, 3, 2]), filters('middle', [1, 1, 3, 2])]
      const depthwise = add(depthwiseConv2d(x, each, options) as Tensor, depthwiseConv2d(windowCentres(x, kernel, options), middle) as Tensor)
      expectClose(depthwiseConv2dWithCentre(x, each, middle, options), depthwise, { absolute: 1e-5 })
    })
  })
})

describe('the gradient of the centre', () => {
  const of = (wanted: 'centre' | 'both') => () =>
    scope(() => {
      const [x, filter, centre] = [images('x', [1, 6, 6, 3]), filters('filter', [3, 3, 3, 4]), filters('centre', [1, 1, 3, 4])]
      const options = { padding: 1, strides: 2 }
      // What is differentiated has the axes of filters.
      const total = (w: Tensor, c: Tensor): Tensor => sum(conv2dWithCentre(x, w as Filters, c as Filters, options) as Tensor)
      return readSync(grad((c: Tensor) => total(wanted === 'both' ? add(filter as Tensor, sum(c)) : (filter as Tensor), c) as Tensor<readonly []>)(centre as Tensor))
    })

  const gradientShapes = async (f: () => unknown): Promise<readonly (readonly number[])[]> => {
    const { kernels } = await profile(() => {
      f()
      return {}
    })
    return kernels.filter(({ name }) => name === 'Conv2DBackpropFilter').flatMap(({ outputShapes }) => outputShapes)
  }

  it('costs that of a 1 x 1 filter while the filter is held, and nothing more than the filter does while it is not', async () => {
    expect(await gradientShapes(of('centre'))).toEqual([[1, 1, 3, 4]])
    expect(await gradientShapes(of('both'))).toEqual([[3, 3, 3, 4]])
  })
})

describe('a centre that does not fit is refused', () => {
  it('on filters without a middle', () => {
    scope(() => {
      expect(() => conv2dWithCentre(images('x', [1, 4, 4, 2]), filters('f', [2, 3, 2, 2]), filters('c', [1, 1, 2, 2]))).toThrow(/2 x 3 has no middle/)
      expect(() => windowCentres(images('x', [1, 4, 4, 2]), [3, 4])).toThrow(/3 x 4 has no middle/)
    })
  })

  it('by its shape', () => {
    scope(() => {
      expect(() => conv2dWithCentre(images('x', [1, 4, 4, 2]), filters('f', [3, 3, 2, 2]), filters('c', [1, 1, 2, 3]))).toThrow(/\[1,1,2,3\].*Expected \[1,1,2,2\]/)
    })
  })
})

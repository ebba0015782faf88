import { describe, expectTypeOf, test } from 'vitest'
import { grad, valueAndGrad } from '../autodiff/grad.js'
import type { Axes, ShapeError } from '../tensor/axes.js'
import type { Images, Labels, Logits, Scalar, Tensor, Vectors } from '../tensor/tensor.js'
import { add, multiply, subtract } from './arithmetic.js'
import { cast, greater, where } from './comparison.js'
import { conv2d, type Filters } from './convolution.js'
import { oneHot } from './indexing.js'
import { matMul } from './matrix-product.js'
import { max, mean, moments, sum } from './reduction.js'
import { broadcastTo, reshape, transpose } from './shape.js'
import { softmax, softmaxCrossEntropy } from './softmax.js'
import { relu } from './elementwise.js'

// Only types are looked at: nothing here runs.
declare const logits: Logits
declare const labels: Labels
declare const images: Images
declare const filters: Filters
declare const features: Tensor<readonly ['batch', 64]>
declare const weight: Tensor<readonly [64, 10]>
declare const bias: Tensor<readonly [10]>
declare const unknownAxes: Tensor
declare const matrix: Tensor<readonly ['rows', 'columns']>

describe('axes flow through ops', () => {
  test('elementwise', () => {
    expectTypeOf(relu(logits)).toEqualTypeOf<Logits>()
    expectTypeOf(softmax(features)).toEqualTypeOf<typeof features>()
    expectTypeOf(add(logits, 1)).toEqualTypeOf<Logits>()
    expectTypeOf(subtract(1, logits)).toEqualTypeOf<Logits>()
    expectTypeOf(add(logits, logits)).toEqualTypeOf<Logits>()
    expectTypeOf(greater(logits, 0)).toEqualTypeOf<Tensor<Logits extends Tensor<infer A> ? A : never, 'bool'>>()
    expectTypeOf(cast(labels, 'float32')).toEqualTypeOf<Tensor<readonly ['batch']>>()
    expectTypeOf(where(greater(logits, 0), logits, logits)).toEqualTypeOf<Logits>()
  })

  test('a dense layer', () => {
    const scores = add(matMul(features, weight), bias)
    expectTypeOf(scores).toEqualTypeOf<Tensor<['batch', 10]>>()
    expectTypeOf(scores).toExtend<Logits>()
    expectTypeOf(softmaxCrossEntropy(scores, labels)).toEqualTypeOf<Tensor<readonly ['batch']>>()
  })

  test('a convolution', () => {
    expectTypeOf(conv2d(images, filters)).toEqualTypeOf<Images>()
    const known = conv2d(images, {} as Tensor<readonly [3, 3, 3, 16]>, { padding: 1 })
    expectTypeOf(known).toEqualTypeOf<Tensor<readonly ['batch', 'height', 'width', 16]>>()
    expectTypeOf(known).toExtend<Images>()
  })

  test('reductions', () => {
    expectTypeOf(sum(logits)).toEqualTypeOf<Scalar>()
    expectTypeOf(sum(logits, [1])).toEqualTypeOf<Tensor<readonly ['batch']>>()
    expectTypeOf(sum(logits, -1)).toEqualTypeOf<Tensor<readonly ['batch']>>()
    expectTypeOf(sum(logits, 0)).toEqualTypeOf<Tensor<readonly ['class']>>()
    expectTypeOf(mean(images, [1, 2])).toEqualTypeOf<Vectors>()
    expectTypeOf(max(images, [-1, 0])).toEqualTypeOf<Tensor<readonly ['height', 'width']>>()
    expectTypeOf(moments(images, [0, 1, 2]).variance).toEqualTypeOf<Tensor<readonly ['channel']>>()
    expectTypeOf(sum(unknownAxes, [1])).toEqualTypeOf<Tensor<Axes>>()
    expectTypeOf(sum(logits, [] as readonly number[])).toEqualTypeOf<Tensor<Axes>>()
  })

  test('shapes', () => {
    expectTypeOf(transpose(matrix, [1, 0])).toEqualTypeOf<Tensor<readonly ['columns', 'rows']>>()
    expectTypeOf(transpose(images, [0, 3, 1, 2])).toEqualTypeOf<Tensor<readonly ['batch', 'channel', 'height', 'width']>>()
    expectTypeOf(reshape(images, [4, -1])).toEqualTypeOf<Tensor<readonly [4, number]>>()
    expectTypeOf(reshape(labels, [2, 2])).toEqualTypeOf<Tensor<readonly [2, 2], 'int32'>>()
    expectTypeOf(broadcastTo(bias, [4, 10])).toEqualTypeOf<Tensor<readonly [4, 10]>>()
    expectTypeOf(oneHot(labels, 10)).toEqualTypeOf<Tensor<[...(readonly ['batch']), 'class']>>()
    expectTypeOf(oneHot(labels, 10)).toExtend<Logits>()
  })

  test('gradients have the type of what is differentiated', () => {
    const params = { weight, list: [bias] as const }
    expectTypeOf(grad(({ weight: w }: typeof params) => sum(w))(params)).toEqualTypeOf<typeof params>()
    expectTypeOf(valueAndGrad((x: Logits, factor: number) => sum(multiply(x, factor)))).parameter(1).toEqualTypeOf<number>()
  })
})

describe('what does not fit does not compile', () => {
  test('and the message stands in the type that is asked for', () => {
    // @ts-expect-error add: axis class of [batch, class] does not fit axis 64 ... a name of one tensor is not that of another
    add(logits, {} as Tensor<readonly ['batch', 'channel']>)
    // @ts-expect-error matMul: inner axis 10 of [64, 10] does not fit inner axis 64 of [64, 10]
    matMul(weight, weight)
    // @ts-expect-error conv2d: channels 3 of images [batch, height, width, 3] do not fit channels 1 of filters [3, 3, 1, 16]
    conv2d({} as Tensor<readonly ['batch', 'height', 'width', 3]>, {} as Tensor<readonly [3, 3, 1, 16]>)
    expectTypeOf(matMul<readonly [64, 10], readonly [64, 10]>).parameter(1).toExtend<ShapeError<'matMul: inner axis 10 of [64, 10] does not fit inner axis 64 of [64, 10]'>>()
  })

  test('tensors of the wrong kind', () => {
    // @ts-expect-error labels are integers
    relu(labels)
    // @ts-expect-error one axis is not the two of logits
    softmaxCrossEntropy(bias, labels)
    // @ts-expect-error indices are integers
    oneHot(bias, 10)
    // @ts-expect-error images have four axes
    conv2d(logits, filters)
    // @ts-expect-error only a single number has a gradient
    grad((x: Logits) => multiply(x, 2))
    // @ts-expect-error parameters are floating-point
    grad((x: Labels) => sum(cast(x, 'float32')))
    // @ts-expect-error unknown axes have to be checked first
    softmaxCrossEntropy(unknownAxes, labels)
    // @ts-expect-error nothing broadcasts in `where`
    where(greater(logits, 0), logits, bias)
  })
})

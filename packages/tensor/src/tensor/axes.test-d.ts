import { describe, expectTypeOf, test } from 'vitest'
import { integerTensor, tensor } from '../ops/creation.js'
import type { Axes, AxesIn, Broadcast, Checked, ConvolutionAxes, JoinAxis, MatMulAxes, ShapeError, SizesOf } from './axes.js'
import { expectAxes } from './guard.js'
import type { AnyTensor, Images, Labels, Logits, Scalar, Tensor } from './tensor.js'

describe('which tensor fits where', () => {
  test('a known size fits where an unknown one or a name is asked for, and not the other way', () => {
    expectTypeOf<Tensor<['batch', 10]>>().toExtend<Tensor<['batch', number]>>()
    expectTypeOf<Tensor<['batch', number]>>().not.toExtend<Tensor<['batch', 10]>>()
    expectTypeOf<Tensor<['batch', 10]>>().toExtend<Logits>()
    expectTypeOf<Tensor<[8, 28, 28, 1]>>().toExtend<Images>()
    expectTypeOf<Logits>().not.toExtend<Tensor<['batch', 10]>>()
    expectTypeOf<Logits>().not.toExtend<Tensor<['batch', number]>>()
  })

  test('one name does not fit another, nor one size another, nor one number of axes another', () => {
    expectTypeOf<Tensor<['batch', 'channel']>>().not.toExtend<Logits>()
    expectTypeOf<Tensor<[10]>>().not.toExtend<Tensor<[11]>>()
    expectTypeOf<Tensor<['batch']>>().not.toExtend<Logits>()
    expectTypeOf<Scalar>().not.toExtend<Tensor<[1]>>()
  })

  test('any tensor fits where axes are not asked for; unknown axes fit nowhere else', () => {
    expectTypeOf<Images>().toExtend<Tensor>()
    expectTypeOf<Labels>().toExtend<AnyTensor>()
    expectTypeOf<Tensor>().not.toExtend<Logits>()
  })

  test('one element type does not fit another', () => {
    expectTypeOf<Labels>().not.toExtend<Tensor<['batch']>>()
    expectTypeOf<Tensor<['batch']>>().not.toExtend<Labels>()
    expectTypeOf(integerTensor([1], [1])).toEqualTypeOf<Tensor<readonly [1], 'int32'>>()
  })

  test('sizes are numbers to the compiler as well', () => {
    expectTypeOf<SizesOf<['batch', 10]>>().toEqualTypeOf<readonly [number, 10]>()
    expectTypeOf<Logits['shape']>().toEqualTypeOf<readonly [number, number]>()
    expectTypeOf(tensor([1, 2], [1, 2]).shape).toEqualTypeOf<readonly [1, 2]>()
  })
})

describe('Broadcast', () => {
  test('pairs axes from the last to the first', () => {
    expectTypeOf<Broadcast<'add', ['batch', 10], [10]>>().toEqualTypeOf<['batch', 10]>()
    expectTypeOf<Broadcast<'add', [10], ['batch', 10]>>().toEqualTypeOf<['batch', 10]>()
    expectTypeOf<Broadcast<'add', ['batch', 1], [1, 10]>>().toEqualTypeOf<['batch', 10]>()
    expectTypeOf<Broadcast<'add', [], ['batch']>>().toEqualTypeOf<['batch']>()
  })

  test('keeps what is known of either', () => {
    expectTypeOf<Broadcast<'add', [number], [10]>>().toEqualTypeOf<[10]>()
    expectTypeOf<Broadcast<'add', ['batch'], [number]>>().toEqualTypeOf<['batch']>()
    expectTypeOf<Broadcast<'add', Axes, [10]>>().toEqualTypeOf<Axes>()
  })

  test('says which axes do not fit', () => {
    expectTypeOf<Broadcast<'add', ['batch', 10], [11]>>().toEqualTypeOf<ShapeError<'add: axis 10 of [batch, 10] does not fit axis 11 of [11]'>>()
    expectTypeOf<Broadcast<'multiply', ['batch', 'class'], ['batch', 'channel']>>().toEqualTypeOf<
      ShapeError<'multiply: axis class of [batch, class] does not fit axis channel of [batch, channel]'>
    >()
  })
})

describe('MatMulAxes', () => {
  test('are the rows of the first and the columns of the second', () => {
    expectTypeOf<MatMulAxes<['batch', 64], [64, 10]>>().toEqualTypeOf<['batch', 10]>()
    expectTypeOf<MatMulAxes<['batch', 'channel'], [number, 10]>>().toEqualTypeOf<['batch', 10]>()
    expectTypeOf<MatMulAxes<Axes, [64, 10]>>().toEqualTypeOf<Axes>()
  })

  test('outer axes broadcast', () => {
    expectTypeOf<MatMulAxes<[1, 2, 3], [5, 3, 4]>>().toEqualTypeOf<[5, 2, 4]>()
    expectTypeOf<MatMulAxes<['batch', 2, 3], [3, 4]>>().toEqualTypeOf<['batch', 2, 4]>()
    expectTypeOf<MatMulAxes<[4, 2, 3], [5, 3, 4]>>().toEqualTypeOf<ShapeError<'matMul: axis 4 of [4] does not fit axis 5 of [5]'>>()
  })

  test('say which inner axes do not fit', () => {
    expectTypeOf<MatMulAxes<['batch', 64], [32, 10]>>().toEqualTypeOf<ShapeError<'matMul: inner axis 64 of [batch, 64] does not fit inner axis 32 of [32, 10]'>>()
    expectTypeOf<MatMulAxes<['batch', 'channel'], ['class', 'channel']>>().toEqualTypeOf<
      ShapeError<'matMul: inner axis channel of [batch, channel] does not fit inner axis class of [class, channel]'>
    >()
  })
})

describe('ConvolutionAxes', () => {
  test('keep names, and know the channels of known filters', () => {
    expectTypeOf<ConvolutionAxes<['batch', 'height', 'width', 'channel'], [number, number, number, number]>>().toEqualTypeOf<readonly ['batch', 'height', 'width', 'channel']>()
    expectTypeOf<ConvolutionAxes<['batch', 32, 32, 3], [3, 3, 3, 16]>>().toEqualTypeOf<readonly ['batch', number, number, 16]>()
  })

  test('say which channels do not fit', () => {
    expectTypeOf<ConvolutionAxes<['batch', 'height', 'width', 3], [3, 3, 1, 16]>>().toEqualTypeOf<
      ShapeError<'conv2d: channels 3 of images [batch, height, width, 3] do not fit channels 1 of filters [3, 3, 1, 16]'>
    >()
  })
})

test('JoinAxis takes the more specific, and a name over a size', () => {
  expectTypeOf<JoinAxis<10, number>>().toEqualTypeOf<10>()
  expectTypeOf<JoinAxis<'batch', 10>>().toEqualTypeOf<'batch'>()
  expectTypeOf<JoinAxis<'batch', 'class'>>().toEqualTypeOf<never>()
  expectTypeOf<JoinAxis<10, 11>>().toEqualTypeOf<never>()
})

test('an error demands what no argument has, axes demand nothing', () => {
  expectTypeOf<Checked<ShapeError<'no'>>>().toEqualTypeOf<ShapeError<'no'>>()
  expectTypeOf<Checked<['batch']>>().toEqualTypeOf<unknown>()
  expectTypeOf<AxesIn<ShapeError<'no'>>>().toEqualTypeOf<Axes>()
})

test('expectAxes gives the axes that it checked, float32 unless told', () => {
  const value = tensor([1], [1]) as AnyTensor
  expectTypeOf(expectAxes(value, ['batch', 28, 28, 1], { what: 'digits' })).toEqualTypeOf<Tensor<readonly ['batch', 28, 28, 1]>>()
  expectTypeOf(expectAxes(value, ['batch'], { what: 'labels', dtype: 'int32' })).toEqualTypeOf<Tensor<readonly ['batch'], 'int32'>>()
})

import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { multiply } from './arithmetic.js'
import { integerTensor, tensor } from './creation.js'
import { sum } from './reduction.js'
import {
  broadcastTo,
  concat,
  expandDimensions,
  identity,
  pad,
  reshape,
  reverse,
  shapeOf,
  slice,
  split,
  squeeze,
  stack,
  stopGradient,
  tile,
  transpose,
  unstack,
} from './shape.js'

const counting = (shape: readonly number[]): Tensor => tensor(Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => index), shape)

const expectTensor = (actual: Tensor, shape: readonly number[], values: readonly number[]): void => {
  expect(actual.shape).toEqual(shape)
  expectClose(actual, values)
}

test('results are those of their definitions', () => {
  scope(() => {
    const x = counting([2, 3])
    expectTensor(reshape(x, [3, -1]), [3, 2], [0, 1, 2, 3, 4, 5])
    expectTensor(transpose(x, [1, 0]), [3, 2], [0, 3, 1, 4, 2, 5])
    expectTensor(transpose(counting([2, 1, 3]), [2, 0, 1]), [3, 2, 1], [0, 3, 1, 4, 2, 5])
    expectTensor(slice(x, [0, 1], [-1, 2]), [2, 2], [1, 2, 4, 5])
    expectTensor(pad(x, [[1, 0], [0, 1]], 9), [3, 4], [9, 9, 9, 9, 0, 1, 2, 9, 3, 4, 5, 9])
    expectTensor(concat([x, x], 0), [4, 3], [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    expectTensor(concat([x, counting([2, 1])], -1), [2, 4], [0, 1, 2, 0, 3, 4, 5, 1])
    expectTensor(stack([x, x], 1), [2, 2, 3], [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5])
    expectTensor(stack([x, x], -1), [2, 3, 2], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    expectTensor(unstack(x)[1] as Tensor, [3], [3, 4, 5])
    expectTensor(unstack(x, -1)[0] as Tensor, [2], [0, 3])
    expect(split(x, [1, 2]).map((part) => part.shape)).toEqual([[2, 1], [2, 2]])
    expectTensor(split(x, [1, 2])[1] as Tensor, [2, 2], [1, 2, 4, 5])
    expectTensor(expandDimensions(x, -1), [2, 3, 1], [0, 1, 2, 3, 4, 5])
    expectTensor(expandDimensions(x, 1), [2, 1, 3], [0, 1, 2, 3, 4, 5])
    expectTensor(squeeze(counting([1, 3, 1])), [3], [0, 1, 2])
    expectTensor(squeeze(counting([1, 3, 1]), [-1]), [1, 3], [0, 1, 2])
    expectTensor(broadcastTo(counting([2, 1]), [2, 2, 3]), [2, 2, 3], [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    expectTensor(tile(counting([1, 2]), [2, 2]), [2, 4], [0, 1, 0, 1, 0, 1, 0, 1])
    expectTensor(reverse(x, [-1]), [2, 3], [2, 1, 0, 5, 4, 3])
    expectTensor(identity(x), [2, 3], [0, 1, 2, 3, 4, 5])
    expect(shapeOf(x)).toEqual([2, 3])
  })
})

test('integers keep their type', () => {
  scope(() => {
    const labels = integerTensor([1, 2, 3, 4], [4])
    for (const result of [reshape(labels, [2, 2]), slice(labels, [1], [2]), concat([labels, labels], 0), identity(labels), stopGradient(labels)]) expect(result.dtype).toBe('int32')
  })
})

test('stack undoes unstack, concat undoes split', () => {
  scope(() => {
    const x = counting([2, 3, 4])
    for (const axis of [0, 1, 2, -1, -2, -3]) expectTensor(stack(unstack(x, axis) as [Tensor, ...Tensor[]], axis), [2, 3, 4], Array.from({ length: 24 }, (_, index) => index))
    for (const axis of [0, 1, 2]) {
      const size = x.shape[axis] ?? 0
      expectTensor(concat(split(x, [1, size - 1], axis) as [Tensor, ...Tensor[]], axis), [2, 3, 4], Array.from({ length: 24 }, (_, index) => index))
    }
  })
})

test('parts that were not used have no gradient, the others theirs', () => {
  scope(() => {
    const weights = [1, 2, 3]
    const gradient = grad((x: Tensor): Scalar => sum(multiply(unstack(x)[1] as Tensor, tensor(weights, [3]))))(counting([2, 3]))
    expectClose(gradient, [0, 0, 0, ...weights])
  })
})

describe('mistakes are named', () => {
  test.each([
    { name: 'reshape', f: (x: Tensor) => reshape(x, [4]), message: 'reshape: [2,3] has 6 elements, which do not fill [4].' },
    { name: 'reshape with a rest', f: (x: Tensor) => reshape(x, [4, -1]), message: 'reshape: [2,3] has 6 elements, which do not fill [4,-1].' },
    { name: 'transpose', f: (x: Tensor) => transpose(x, [0, 0]), message: 'transpose: the order [0,0] does not name each axis of a tensor of shape [2,3] once.' },
    { name: 'slice', f: (x: Tensor) => slice(x, [0, 2], [2, 2]), message: 'slice: positions 2 to 3 of axis 1 are outside a tensor of shape [2,3].' },
    { name: 'pad', f: (x: Tensor) => pad(x, [[1, 1]]), message: 'pad: [[1,1]] is not one pair of sizes for each axis of a tensor of shape [2,3].' },
    { name: 'negative pad', f: (x: Tensor) => pad(x, [[1, -1], [0, 0]]), message: 'pad: [[1,-1], [0,0]] is not one pair' },
    { name: 'concat', f: (x: Tensor) => concat([x, tensor([1, 2], [1, 2])], 0), message: 'concat: [1,2] does not fit beside [2,3] along axis 0; all other axes must be equal.' },
    { name: 'split', f: (x: Tensor) => split(x, [1, 1]), message: 'split: parts of 1 + 1 = 2 do not fill axis -1 of a tensor of shape [2,3].' },
    { name: 'squeeze', f: (x: Tensor) => squeeze(x, [1]), message: 'squeeze: axis 1 of a tensor of shape [2,3] does not have size 1.' },
    { name: 'broadcastTo', f: (x: Tensor) => broadcastTo(x, [2, 4]), message: 'broadcastTo: [2,3] does not broadcast to [2,4].' },
    { name: 'broadcastTo a smaller rank', f: (x: Tensor) => broadcastTo(x, [3]), message: 'broadcastTo: [2,3] does not broadcast to [3].' },
    { name: 'tile', f: (x: Tensor) => tile(x, [2]), message: 'tile: 1 repetitions for the 2 axes of a tensor of shape [2,3].' },
  ])('$name', ({ f, message }) => {
    scope(() => {
      const x = counting([2, 3])
      expect(() => f(x)).toThrow(TransferkitError)
      expect(() => f(x)).toThrow(message)
    })
  })
})

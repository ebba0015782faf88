import { describe, expect, test } from 'vitest'
import { vectorJacobianProducts } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { add, divide, maximum, minimum, multiply, negate, square, subtract } from './arithmetic.js'
import { tensor } from './creation.js'

const a = [1, -2, 3, 4, 5, -6]
const b = [2, 3, -4]

const tensors = (): readonly [Tensor, Tensor] => [tensor(a, [2, 3]), tensor(b, [3])]

describe('two tensors, one of which broadcasts', () => {
  test.each([
    { name: 'add', op: add, f: (x: number, y: number) => x + y },
    { name: 'subtract', op: subtract, f: (x: number, y: number) => x - y },
    { name: 'multiply', op: multiply, f: (x: number, y: number) => x * y },
    { name: 'divide', op: divide, f: (x: number, y: number) => x / y },
    { name: 'maximum', op: maximum, f: Math.max },
    { name: 'minimum', op: minimum, f: Math.min },
  ])('$name', ({ op, f }) => {
    scope(() => {
      const [left, right] = tensors()
      const [apply, number] = [op as (x: Tensor | number, y: Tensor | number) => Tensor, 2]
      expectClose(apply(left, right), a.map((x, index) => f(x, b[index % 3] ?? 0)))
      expectClose(apply(right, left), a.map((x, index) => f(b[index % 3] ?? 0, x)))
      expectClose(apply(left, number), a.map((x) => f(x, number)))
      expectClose(apply(number, left), a.map((x) => f(number, x)))
    })
  })

  test('a gradient is summed over the axes that were broadcast', () => {
    scope(() => {
      const [left, right] = tensors()
      const [dLeft, dRight] = vectorJacobianProducts((x, y) => [multiply(x, y)], [left, right], [tensor([1, 1, 1, 1, 1, 1], [2, 3])])
      expectClose(dLeft, [...b, ...b])
      expectClose(dRight, [1 + 4, -2 + 5, 3 - 6])
      const column = tensor([10, 20], [2, 1])
      const [dColumn] = vectorJacobianProducts((x) => [add(x, left)], [column], [tensor([1, 2, 3, 4, 5, 6], [2, 3])])
      expect(dColumn.shape).toEqual([2, 1])
      expectClose(dColumn, [6, 15])
    })
  })
})

test('negate and square', () => {
  scope(() => {
    expectClose(negate(tensor([1, -2], [2])), [-1, 2])
    expectClose(square(tensor([1, -2], [2])), [1, 4])
  })
})

test('where two elements are equal, the gradient of the larger and of the smaller goes to the first', () => {
  scope(() => {
    for (const op of [maximum, minimum]) {
      const [first, second] = vectorJacobianProducts((x, y) => [op(x, y)], [tensor([1, 2], [2]), tensor([1, 2], [2])], [tensor([3, 4], [2])])
      expectClose(first, [3, 4])
      expectClose(second, [0, 0])
    }
  })
})

test('shapes that do not broadcast are named', () => {
  scope(() => {
    const [left, right]: readonly Tensor[] = [tensor(a, [2, 3]), tensor([1, 2], [2])]
    expect(() => add(left as Tensor, right as Tensor)).toThrow('add: size 3 of [2,3] does not fit size 2 of [2]; paired from the last, sizes are equal or one is 1.')
  })
})

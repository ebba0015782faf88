import { describe, expect, test } from 'vitest'
import { vectorJacobianProducts } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { readSync } from '../tensor/read.js'
import type { Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { cast, equal, greater, greaterOrEqual, less, logicalAnd, logicalNot, where } from './comparison.js'
import { booleanTensor, integerTensor, tensor } from './creation.js'

const bits = (x: Tensor<readonly (string | number)[], 'bool'>): number[] => [...readSync(x)]

describe('comparisons', () => {
  test.each([
    { name: 'equal', op: equal, expected: [0, 1, 0] },
    { name: 'greater', op: greater, expected: [0, 0, 1] },
    { name: 'greaterOrEqual', op: greaterOrEqual, expected: [0, 1, 1] },
    { name: 'less', op: less, expected: [1, 0, 0] },
  ])('$name with a number and with a tensor, of floats and of integers', ({ op, expected }) => {
    scope(() => {
      // Each takes the same arguments; only the name in its messages differs.
      const compare = op
      expect(bits(compare(tensor([1, 2, 3], [3]), 2))).toEqual(expected)
      expect(bits(compare(integerTensor([1, 2, 3], [3]), 2))).toEqual(expected)
      expect(bits(compare(tensor([1, 2, 3], [3]), tensor([2, 2, 2], [3])))).toEqual(expected)
      expect(bits(compare(tensor([1, 2, 3], [3, 1]), tensor([2, 2], [2])))).toEqual(expected.flatMap((bit) => [bit, bit]))
    })
  })

  test('shapes that do not broadcast are named', () => {
    scope(() => {
      const [left, right]: readonly Tensor[] = [tensor([1, 2, 3], [3]), tensor([1, 2], [2])]
      expect(() => greater(left as Tensor, right as Tensor)).toThrow('greater: size 3 of [3] does not fit size 2 of [2]')
    })
  })
})

test('logical ops', () => {
  scope(() => {
    const [a, b] = [booleanTensor([1, 1, 0, 0], [4]), booleanTensor([1, 0, 1, 0], [4])]
    expect(bits(logicalAnd(a, b))).toEqual([1, 0, 0, 0])
    expect(bits(logicalNot(a))).toEqual([0, 0, 1, 1])
  })
})

describe('cast', () => {
  test('changes the type and keeps the values', () => {
    scope(() => {
      expect(readSync(cast(booleanTensor([1, 0], [2]), 'float32'))).toEqual(new Float32Array([1, 0]))
      expect(readSync(cast(tensor([1.7, -1.7], [2]), 'int32'))).toEqual(new Int32Array([1, -1]))
      expect(readSync(cast(tensor([0, 2], [2]), 'bool'))).toEqual(new Uint8Array([0, 1]))
    })
  })
})

describe('where', () => {
  test('chooses element by element, and passes each gradient to what was chosen', () => {
    scope(() => {
      const condition = booleanTensor([1, 0, 1], [3])
      const [a, b] = [tensor([1, 2, 3], [3]), tensor([10, 20, 30], [3])]
      expectClose(where(condition, a, b), [1, 20, 3])
      const [da, db] = vectorJacobianProducts((x, y) => [where(condition, x as typeof a, y as typeof b)], [a, b], [tensor([5, 6, 7], [3])])
      expectClose(da, [5, 0, 7])
      expectClose(db, [0, 6, 0])
    })
  })

  test('does not broadcast, and says so', () => {
    scope(() => {
      const [wide, narrow]: readonly Tensor[] = [tensor([1, 2, 3, 4], [2, 2]), tensor([1, 2], [2])]
      expect(() => where(greater(wide as Tensor, 0), wide as Tensor, narrow as Tensor)).toThrow(
        'where: shapes [2,2], [2,2], [2] of the condition and both choices must be equal; use broadcastTo first.',
      )
    })
  })
})

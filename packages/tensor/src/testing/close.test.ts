import { expect, test } from 'vitest'
import { release } from '../memory/scope.js'
import { integerTensor, tensor } from '../ops/creation.js'
import { closeTo, expectClose } from './close.js'

test('compares tensors and lists, in any combination', () => {
  const [x, y] = [tensor([1, 2], [2]), integerTensor([1, 2], [2])]
  expect(closeTo(x, y)).toBe(true)
  expect(closeTo(x, [1, 2])).toBe(true)
  expect(closeTo([1, 2], x)).toBe(true)
  expect(closeTo(x, [1, 2.1])).toBe(false)
  release([x])
  release(y)
})

test('the tolerance is absolute plus relative to what is expected', () => {
  expect(closeTo([100.9], [100], { absolute: 0, relative: 0.01 })).toBe(true)
  expect(closeTo([101.1], [100], { absolute: 0, relative: 0.01 })).toBe(false)
  expect(closeTo([0.5], [0], { absolute: 0.5, relative: 0 })).toBe(true)
})

test('NaN is close to nothing, infinity only to itself', () => {
  expect(closeTo([Number.NaN], [Number.NaN])).toBe(false)
  expect(closeTo([1], [Number.NaN])).toBe(false)
  expect(closeTo([1], [Number.POSITIVE_INFINITY])).toBe(false)
  expect(closeTo([Number.POSITIVE_INFINITY], [1])).toBe(false)
  expect(closeTo([Number.NEGATIVE_INFINITY], [Number.POSITIVE_INFINITY])).toBe(false)
  expect(closeTo([Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY])).toBe(true)
})

test('the message names the worst element', () => {
  expect(() => expectClose([1, 2, 3], [1, 2.5, 4])).toThrow('element 2 of 3 is 3 instead of 4, which differs by 1')
  expect(() => expectClose([1], [1, 2])).toThrow('1 elements instead of 2')
  expect(() => expectClose([Number.NaN, 5], [1, 1])).toThrow('element 0 of 2 is NaN instead of 1')
})

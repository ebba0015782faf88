import { describe, expect, test } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { multiply } from './arithmetic.js'
import { integerTensor, ones, tensor } from './creation.js'
import { cumulativeSum, dropout, gather, oneHot } from './indexing.js'
import { sum } from './reduction.js'

test('oneHot has a 1 at the class and zeros for a class that does not exist', () => {
  scope(() => {
    const targets = oneHot(integerTensor([2, 0, 3, -1], [4]), 3)
    expect([targets.shape, targets.dtype]).toEqual([[4, 3], 'float32'])
    expectClose(targets, [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(oneHot(integerTensor([0, 1, 1, 0], [2, 2]), 2).shape).toEqual([2, 2, 2])
  })
})

describe('gather', () => {
  test('takes rows in any shape of indices', () => {
    scope(() => {
      const table = tensor([1, 2, 3, 4, 5, 6], [3, 2])
      const rows = gather(table, integerTensor([2, 0, 0, 1], [2, 2]))
      expect(rows.shape).toEqual([2, 2, 2])
      expectClose(rows, [5, 6, 1, 2, 1, 2, 3, 4])
    })
  })

  test('adds up the gradients of a row that was taken more than once', () => {
    scope(() => {
      const weights = tensor([1, 2, 3, 4, 5, 6], [3, 2])
      const gradient = grad((table: Tensor): Scalar => sum(multiply(gather(table, integerTensor([1, 1, 0], [3])), weights as Tensor)))(ones([3, 2]))
      expectClose(gradient, [5, 6, 1 + 3, 2 + 4, 0, 0])
    })
  })
})

test('cumulativeSum adds up along an axis from either end', () => {
  scope(() => {
    const x = tensor([1, 2, 3, 4, 5, 6], [2, 3])
    expectClose(cumulativeSum(x), [1, 3, 6, 4, 9, 15])
    expectClose(cumulativeSum(x, 0), [1, 2, 3, 5, 7, 9])
    expectClose(cumulativeSum(x, -2), [1, 2, 3, 5, 7, 9])
  })
})

test('spatial dropout drops whole channels', () => {
  scope(() => {
    const values = readSync(dropout(ones([4, 3, 3, 8]), randomKey(1), { rate: 0.5, spatial: true }))
    let dropped = 0
    for (let example = 0; example < 4; example++) {
      for (let channel = 0; channel < 8; channel++) {
        const map = Array.from({ length: 9 }, (_, position) => values[(example * 9 + position) * 8 + channel])
        expect(new Set(map).size).toBe(1)
        expect([0, 2]).toContain(map[0])
        if (map[0] === 0) dropped++
      }
    }
    expect(dropped).toBeGreaterThan(6)
    expect(dropped).toBeLessThan(26)
  })
})

import { describe, expect, test } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { tensor } from './creation.js'
import { argMax, logSumExp, max, mean, min, moments, norm, sum } from './reduction.js'

const x = (): Tensor => tensor([1, 5, 3, -4, 2, 0], [2, 3])

describe('reductions over all axes, over one from either end, and over a list', () => {
  test.each([
    { name: 'sum', op: sum, all: 7, rows: [9, -2], columns: [-3, 7, 3] },
    { name: 'mean', op: mean, all: 7 / 6, rows: [3, -2 / 3], columns: [-1.5, 3.5, 1.5] },
    { name: 'max', op: max, all: 5, rows: [5, 2], columns: [1, 5, 3] },
    { name: 'min', op: min, all: -4, rows: [1, -4], columns: [-4, 2, 0] },
  ])('$name', ({ op, all, rows, columns }) => {
    scope(() => {
      expectClose(op(x()), [all])
      expect(op(x()).shape).toEqual([])
      expectClose(op(x(), 1), rows)
      expectClose(op(x(), [-1]), rows)
      expectClose(op(x(), -2), columns)
      expectClose(op(x(), [0, 1]), [all])
      expectClose(op(x(), []), readSync(x()))
    })
  })
})

test('moments are mean and biased variance', () => {
  scope(() => {
    const { mean: average, variance } = moments(x(), [1])
    expectClose(average, [3, -2 / 3])
    expectClose(variance, [8 / 3, (16 + 4) / 3 - 4 / 9])
  })
})

test('logSumExp does not overflow', () => {
  scope(() => {
    expectClose(logSumExp(tensor([1000, 1000], [2])), [1000 + Math.log(2)])
    expectClose(logSumExp(tensor([-1000, -1000, 0, 1], [2, 2]), [1]), [-1000 + Math.log(2), Math.log(1 + Math.E)])
  })
})

describe('norm', () => {
  test('is the root of the sum of squares', () => {
    scope(() => expectClose(norm(tensor([3, 4, 5, 12], [2, 2]), [1]), [5, 13]))
  })

  test('has a finite gradient at 0 with an epsilon', () => {
    scope(() => expectClose(grad((v: Tensor): Scalar => norm(v, undefined, 1e-6))(tensor([0, 0], [2])), [0, 0]))
  })
})

test('equal extremes share the gradient', () => {
  scope(() => {
    expectClose(grad((v: Tensor): Scalar => max(v))(tensor([2, 1, 2], [3])), [0.5, 0, 0.5])
    expectClose(grad((v: Tensor): Scalar => min(v))(tensor([1, 1, 2], [3])), [0.5, 0.5, 0])
  })
})

test('argMax is the first position of the largest', () => {
  scope(() => {
    expect([...readSync(argMax(tensor([1, 3, 3, 4, 0, 4], [2, 3])))]).toEqual([1, 0])
    expect([...readSync(argMax(x(), 0))]).toEqual([0, 0, 0])
  })
})

test('axes that do not exist, or stand there twice, are named', () => {
  scope(() => {
    expect(() => sum(x(), [2])).toThrow('Axis 2 does not exist in a tensor of shape [2,3].')
    expect(() => mean(x(), -3)).toThrow('Axis -3 does not exist')
    expect(() => max(x(), [0.5])).toThrow('Axis 0.5 does not exist')
    expect(() => mean(x(), [1, -1])).toThrow('The axes [1,-1] name an axis of a tensor of shape [2,3] twice.')
  })
})

import type { ObservedOperation } from '@transferkit/runtime/node'
import { expect, test } from 'vitest'
import { summariseStep } from './profile-summary.js'

const operation = (name: string, shape: readonly number[], milliseconds: number, repeated = false): ObservedOperation => ({ name, attributes: {}, inputShapes: [], outputShapes: [shape], milliseconds, repeated })

const step = {
  observation: { operations: [operation('Relu', [2, 3], 1), operation('Conv2D', [2, 4], 3), operation('Conv2D', [2, 5], 2), operation('Conv2D', [2, 4], 2, true)], milliseconds: 10 },
  replayed: [5, 4, 6],
}

test('sums by kernel, the slowest first, as shares of the whole step', () => {
  expect(summariseStep(step, false)).toEqual({
    milliseconds: 10,
    operations: 4,
    outsideShare: expect.closeTo(0.2) as number,
    replayedMilliseconds: 4,
    kernels: [
      { operation: 'Conv2D', calls: 3, milliseconds: 7, share: 0.7, repeatedShare: 0.2 },
      { operation: 'Relu', calls: 1, milliseconds: 1, share: 0.1, repeatedShare: 0 },
    ],
  })
})

test('tells shapes apart, and leaves out the replay that there was not', () => {
  const { kernels, ...rest } = summariseStep({ ...step, replayed: [] }, true)
  expect(rest).not.toHaveProperty('replayedMilliseconds')
  expect(kernels.map(({ operation: name, shape, calls }) => [name, shape, calls])).toEqual([
    ['Conv2D', [2, 4], 2],
    ['Conv2D', [2, 5], 1],
    ['Relu', [2, 3], 1],
  ])
})

import { expect, test } from 'vitest'
import { kernelTimes } from './kernel-times.js'
import type { ObservedOperation } from './observe-operations.js'

const operation = (name: string, shape: readonly number[], milliseconds: number, repeated = false): ObservedOperation => ({ name, attributes: {}, inputShapes: [], outputShapes: [shape], milliseconds, repeated })

const observation = { operations: [operation('Relu', [2, 3], 1), operation('Conv2D', [2, 4], 3), operation('Conv2D', [2, 5], 2), operation('Conv2D', [2, 4], 2, true)], milliseconds: 10 }

test('sums by kernel, the slowest first, as shares of the whole time', () => {
  expect(kernelTimes(observation, false)).toEqual([
    { operation: 'Conv2D', calls: 3, milliseconds: 7, share: 0.7, repeatedShare: 0.2 },
    { operation: 'Relu', calls: 1, milliseconds: 1, share: 0.1, repeatedShare: 0 },
  ])
})

test('tells shapes apart', () => {
  expect(kernelTimes(observation, true).map(({ operation: name, shape, calls }) => [name, shape, calls])).toEqual([
    ['Conv2D', [2, 4], 2],
    ['Conv2D', [2, 5], 1],
    ['Relu', [2, 3], 1],
  ])
})

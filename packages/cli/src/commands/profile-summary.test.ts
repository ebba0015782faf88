import type { ObservedOperation } from '@transferkit/runtime/node'
import { expect, test } from 'vitest'
import { summariseStep } from './profile-summary.js'

const operation = (milliseconds: number): ObservedOperation => ({ name: 'Relu', attributes: {}, inputShapes: [], outputShapes: [[2, 3]], milliseconds, repeated: false })

const observation = { operations: [operation(5), operation(3)], milliseconds: 10 }

test('says how long a step took, how much of it outside native code, and what its replay took at least', () => {
  expect(summariseStep({ observation, replayed: [5, 4, 6] }, false)).toEqual({
    milliseconds: 10,
    operations: 2,
    outsideShare: expect.closeTo(0.2) as number,
    replayedMilliseconds: 4,
    kernels: [{ operation: 'Relu', calls: 2, milliseconds: 8, share: 0.8, repeatedShare: 0 }],
  })
  expect(summariseStep({ observation, replayed: [] }, true)).not.toHaveProperty('replayedMilliseconds')
})

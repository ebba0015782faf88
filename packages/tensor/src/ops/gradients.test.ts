import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from 'vitest'
import { scope } from '../memory/scope.js'
import { differentiableOps } from '../testing/differentiable-ops.js'
import { checkGradients } from '../testing/gradient-check.js'

describe('every op agrees with finite differences', () => {
  it.each(differentiableOps)('$name', ({ f, inputs }) => {
    const { first = [], second = [] } = scope(() => checkGradients({ f, inputs: inputs() }))
    for (const error of [...first, ...second]) expect(error).toBeLessThan(2e-2)
  })
})

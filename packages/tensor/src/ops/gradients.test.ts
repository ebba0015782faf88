import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from 'vitest'
import { scope } from '../memory/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { differentiableOps } from '../testing/differentiable-ops.js'
import { checkGradients } from '../testing/gradient-check.js'
import { add } from './arithmetic.js'

describe('every op agrees with finite differences', () => {
  it.each(differentiableOps)('$name', ({ f, inputs }) => {
    const { first = [], second = [] } = scope(() => checkGradients({ f, inputs: inputs() }))
    for (const error of [...first, ...second]) expect(error).toBeLessThan(2e-2)
  })

  // A scope frees what no pull-back says that it needs; sums with 0 keep neither what an op is given nor its result.
  it.each(differentiableOps)('$name, in a scope of its own', ({ f, inputs }) => {
    const inScope = (...given: readonly Tensor[]): Tensor => scope(() => add(f(...given.map((input) => add(input, 0))), 0))
    const { first = [], second = [] } = scope(() => checkGradients({ f: inScope, inputs: inputs() }))
    for (const error of [...first, ...second]) expect(error).toBeLessThan(2e-2)
  })
})

import { describe, expect, test } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { foldIn, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { closeTo } from '../testing/close.js'
import { add, multiply, subtract } from './arithmetic.js'
import { batchNormTraining } from './batch-normalisation.js'
import { randomNormal } from './creation.js'
import { rsqrt, sin } from './elementwise.js'
import { moments, sum } from './reduction.js'

interface Point {
  readonly [name: string]: Tensor
  readonly input: Tensor
  readonly gamma: Tensor
  readonly beta: Tensor
}

type Normalise = (input: Tensor, gamma: Tensor, beta: Tensor) => Tensor

const written: Normalise = (input, gamma, beta) => {
  const { mean, variance } = moments(input, [0, 1])
  return add(multiply(multiply(subtract(input, mean), rsqrt(add(variance, 1e-5))), gamma), beta)
}

/** Gradients of a loss, of a function of its gradients, and of a function of theirs. */
const derivatives = (normalise: Normalise): readonly (readonly number[])[] => {
  const draw = (name: string, shape: readonly number[]): Tensor => randomNormal(foldIn(randomKey(7), name), shape)
  const point: Point = { input: add(multiply(draw('input', [6, 2, 3]), 2), 5), gamma: draw('scale', [3]), beta: draw('offset', [3]) }
  const direction = draw('direction', [6, 2, 3])
  const along = ({ input, gamma, beta }: Point): Scalar => add(add(sum(multiply(input, direction)), sum(sin(gamma))), sum(sin(beta)))
  const loss = ({ input, gamma, beta }: Point): Scalar => sum(sin(normalise(input, gamma, beta)))
  const second = (at: Point): Scalar => along(grad(loss)(at))
  const third = (at: Point): Scalar => along(grad(second)(at))
  return [loss, second, third].map((f) => Object.values(grad(f)(point)).flatMap((leaf) => [...readSync(leaf)]))
}

describe('batch normalisation with the statistics of the batch', () => {
  test('has the derivatives of its formula, up to the third', () => {
    const both = scope(() => ({ expected: derivatives(written), found: derivatives((...inputs) => batchNormTraining(...inputs).output) }))
    both.found.forEach((values, order) => {
      expect(values).toHaveLength(42)
      expect(closeTo(values, both.expected[order] ?? [], { absolute: 1e-4, relative: 1e-4 }), `derivative ${order + 1}: ${String(values)} instead of ${String(both.expected[order])}`).toBe(true)
    })
  })
})

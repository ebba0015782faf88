import { describe, expect, test } from 'vitest'
import { withGradient } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { add, multiply, square } from '../ops/arithmetic.js'
import { tensor } from '../ops/creation.js'
import { cos, exp, sin } from '../ops/elementwise.js'
import { stopGradient } from '../ops/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkGradients, type GradientReport } from './gradient-check.js'
import { differentiableOps } from './differentiable-ops.js'

/** What `gradients.test.ts` of the ops allows. */
const tolerance = 2e-2

const check = (f: (x: Tensor) => Tensor): GradientReport =>
  scope(() => checkGradients({ f: (x) => f(x), inputs: [tensor([0.3, -0.8, 1.1, 0.5], [4])] }))

const [error, error2] = [(report: GradientReport): number => report.first?.[0] ?? Number.NaN, (report: GradientReport): number => report.second?.[0] ?? Number.NaN]

describe('the checker passes what is right', () => {
  test.each([
    ['sin', sin],
    ['exp', exp],
    ['a product', (x: Tensor) => multiply(x, cos(x))],
  ])('%s', (_name, f) => {
    const report = check(f)
    expect(error(report)).toBeLessThan(tolerance)
    expect(error2(report)).toBeLessThan(tolerance)
  })
})

describe('the checker finds what is wrong', () => {
  test('a gradient of the wrong sign', () => {
    expect(error(check((x) => withGradient([x], () => sin(x), (gradient) => [multiply(gradient, multiply(cos(x), -1))])))).toBeGreaterThan(10 * tolerance)
  })

  test('a gradient that is too large by a tenth', () => {
    expect(error(check((x) => withGradient([x], () => sin(x), (gradient) => [multiply(gradient, multiply(cos(x), 1.1))])))).toBeGreaterThan(2 * tolerance)
  })

  test('one element of the gradient that is wrong', () => {
    const mask = (): Tensor => tensor([1, 1, 1, 0], [4])
    expect(error(check((x) => withGradient([x], () => sin(x), (gradient) => [multiply(gradient, multiply(cos(x), mask()))])))).toBeGreaterThan(2 * tolerance)
  })

  test('a gradient that is missing', () => {
    expect(error(check((x) => add(stopGradient(sin(x)), multiply(x, 0.1))))).toBeGreaterThan(10 * tolerance)
  })

  test('a second order that loses the dependence through a saved output, as in upstream, while the first is right', () => {
    const saved = (x: Tensor): Tensor => withGradient([x], () => exp(x), (gradient) => [multiply(gradient, stopGradient(exp(x)))])
    const report = check((x) => square(saved(x)))
    expect(error(report)).toBeLessThan(tolerance)
    expect(error2(report)).toBeGreaterThan(5 * tolerance)
  })

  test('NaN', () => {
    const report = check((x) => withGradient([x], () => sin(x), (gradient) => [multiply(gradient, Number.NaN)]))
    expect(error(report) < tolerance).toBe(false)
  })

  test.each([1, 2, 3, 4, 5])('with any seed (%d)', (seed) => {
    scope(() => {
      const f = (x: Tensor): Tensor => withGradient([x], () => sin(x), (gradient) => [multiply(gradient, multiply(cos(x), 1.2))])
      const { first, second } = checkGradients({ f: (x) => f(x), inputs: [tensor([0.3, -0.8, 1.1, 0.5], [4])], seed })
      expect(first?.[0]).toBeGreaterThan(tolerance)
      // The second order is that of the wrong gradient itself, so it agrees with differences of it.
      expect(second?.[0]).toBeLessThan(tolerance)
    })
  })
})

test('only the orders asked for are checked', () => {
  scope(() => {
    const inputs = [tensor([0.3], [1])]
    expect(Object.keys(checkGradients({ f: (x) => sin(x), inputs, orders: [1] }))).toEqual(['first'])
    expect(Object.keys(checkGradients({ f: (x) => sin(x), inputs, orders: [2] }))).toEqual(['second'])
  })
})

test('every op in the list has a name of its own and has a gradient to check', () => {
  const names = differentiableOps.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { grad } from '../autodiff/grad.js'
import { add, multiply, square } from '../ops/arithmetic.js'
import { scalar, tensor } from '../ops/creation.js'
import { exp, sigmoid } from '../ops/elementwise.js'
import { sum } from '../ops/reduction.js'
import { reshape } from '../ops/shape.js'
import { item, readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { liveTensors } from '../testing/index.js'
import { release, scope } from './scope.js'

describe('scope', () => {
  test('keeps its result, wherever that stands in it, and frees the rest', () => {
    const before = liveTensors()
    const result = scope(() => {
      const x = tensor([1, 2], [2])
      exp(x)
      return { list: [square(x)], nested: { total: sum(x), number: 3, nothing: undefined } }
    })
    expect(liveTensors() - before).toBe(2)
    expect([...readSync(result.list[0] as Tensor)]).toEqual([1, 4])
    expect(item(result.nested.total)).toBe(3)
    release({ list: result.list, total: result.nested.total })
    expect(liveTensors()).toBe(before)
  })

  test('leaves what was made outside alone', () => {
    const outside = tensor([1, 2], [2])
    const same = scope(() => outside)
    expect(same).toBe(outside)
    scope(() => {
      exp(outside)
    })
    expect([...readSync(outside)]).toEqual([1, 2])
    release(outside)
  })

  test('what an inner scope returns belongs to the outer one', () => {
    const before = liveTensors()
    const kept = scope(() => {
      const inner = scope(() => [scalar(1), scalar(2)] as const)
      return inner[1]
    })
    expect(liveTensors() - before).toBe(1)
    expect(item(kept)).toBe(2)
    release(kept)
  })

  test('frees everything when its function throws', () => {
    const before = liveTensors()
    const failing = (): never => {
      scalar(1)
      throw new Error('on purpose')
    }
    expect(() => scope(failing)).toThrow('on purpose')
    expect(() => scope(() => scope(failing))).toThrow('on purpose')
    expect(liveTensors()).toBe(before)
  })

  test('refuses a promise, whose tensors it could not tell', () => {
    const before = liveTensors()
    expect(() => scope(async () => Promise.resolve(scalar(1)))).toThrow(TransferkitError)
    expect(liveTensors()).toBe(before)
  })

  test('during a differentiation it keeps what the backward pass needs', () => {
    const before = liveTensors()
    const point = scalar(1)
    const slope = grad((x: Scalar) => scope(() => exp(scope(() => multiply(x, x)))))(point)
    expect(item(slope)).toBeCloseTo(2 * Math.E, 4)
    expect(liveTensors() - before).toBe(2)
    release([slope, point])
  })

  test('during a differentiation it frees what the backward pass does not need', () => {
    const [point, constant] = [scalar(1), scalar(2)]
    let inside = 0
    const f = (x: Scalar): Scalar => {
      const before = liveTensors()
      const factor = scope(() => square(exp(scope(() => add(constant, 1)))))
      inside = liveTensors() - before
      return multiply(x, factor)
    }
    const slopes = [grad(f)(point), grad((x: Scalar) => grad((y: Scalar) => multiply(x, f(y)))(x))(point)]
    expect(inside).toBe(1)
    for (const slope of slopes) expect(item(slope)).toBeCloseTo(Math.exp(6), 2)
    release([slopes, point, constant])
  })

  test('during a differentiation it keeps of known ops only what their pull-backs use', () => {
    const point = tensor([1, 2], [1, 2])
    let inside = 0
    const gradient = grad((x: Tensor) => {
      const before = liveTensors()
      const opening = scope(() => sigmoid(add(add(reshape(square(x), [2]), 1), 1)))
      inside = liveTensors() - before
      return sum(opening)
    })(point)
    expect(inside).toBe(1)
    const slope = (x: number): number => (2 * x * Math.exp(-(x ** 2) - 2)) / (1 + Math.exp(-(x ** 2) - 2)) ** 2
    for (const [index, number] of [...readSync(gradient)].entries()) expect(number).toBeCloseTo(slope(index + 1), 5)
    release([gradient, point])
  })

  test('during a differentiation it leaves alone what is given to it', () => {
    const point = scalar(3)
    const slope = grad((x: Scalar) => {
      const given = square(x)
      const unrelated = scalar(2)
      return multiply(scope(() => add(unrelated, 1), { donate: [given, unrelated] }), multiply(given, unrelated))
    })(point)
    expect(item(slope)).toBe(36)
    release([slope, point])
  })

  test('during a differentiation an error inside does not stop the backward pass', () => {
    const point = scalar(3)
    const slope = grad((x: Scalar) => {
      const failing = (): Scalar => {
        exp(square(x))
        throw new Error('on purpose')
      }
      try {
        return scope(failing)
      } catch {
        return multiply(x, 2)
      }
    })(point)
    expect(item(slope)).toBe(2)
    release([slope, point])
  })
})

test('a result may hold objects of any class; only plain objects and lists are searched for tensors', () => {
  class Stranger {
    get property(): never {
      throw new Error('not to be read')
    }
  }
  const { stranger, total } = scope(() => ({ stranger: new Stranger(), total: add(scalar(1), 2) }))
  expect(stranger).toBeInstanceOf(Stranger)
  expect(item(total)).toBe(3)
  release(total)
})

describe('donated trees', () => {
  test('are freed when the scope ends', () => {
    const before = liveTensors()
    const params = { a: scalar(1), list: [scalar(2)] }
    const next = scope(() => ({ a: add(params.a, 1), list: [multiply(params.list[0] as Scalar, 2)] }), { donate: params })
    expect(liveTensors() - before).toBe(2)
    expect([item(next.a), item(next.list[0] as Scalar)]).toEqual([2, 4])
    expect(() => readSync(params.a)).toThrow()
    release(next)
  })

  test('stay where they are part of the result', () => {
    const params = { trained: scalar(1), untouched: scalar(2) }
    const next = scope(() => ({ ...params, trained: add(params.trained, 1) }), { donate: params })
    expect(next.untouched).toBe(params.untouched)
    expect(item(next.untouched)).toBe(2)
    expect(() => readSync(params.trained)).toThrow()
    release(next)
  })

  test('stay when the function throws, so that the step can be repeated', () => {
    const params = { a: scalar(1) }
    expect(() =>
      scope(
        () => {
          throw new Error('on purpose')
        },
        { donate: params },
      ),
    ).toThrow('on purpose')
    expect(item(params.a)).toBe(1)
    release(params)
  })

  test('a thousand steps need no more memory than one', () => {
    let params = { weight: tensor([1, 2, 3], [3]) }
    const before = liveTensors()
    for (let step = 0; step < 1000; step++) {
      const donate = params
      params = scope(() => ({ weight: add(params.weight, multiply(grad((weight: Tensor<readonly [3]>) => sum(square(weight)))(params.weight), -0.01)) }), { donate })
      expect(liveTensors()).toBe(before)
    }
    release(params)
  })
})

test('release passes over what was freed before', () => {
  const x = scalar(1)
  release({ x, again: x })
  release(x)
  expect(() => readSync(x)).toThrow()
})

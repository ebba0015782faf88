import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from 'vitest'
import { grad, valueAndGrad } from '../autodiff/grad.js'
import { release, scope } from '../memory/scope.js'
import { normalArray, uniformArray } from '../random/host.js'
import { foldIn, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import { liveTensors } from '../testing/index.js'
import { add, multiply, square, subtract } from './arithmetic.js'
import { tensor } from './creation.js'
import { mix } from './mix.js'
import { sum } from './reduction.js'

const composed = (o: Tensor, a: Tensor, b: Tensor): Tensor => add(multiply(o, a), multiply(subtract(1, o), b))

const size = (shape: Shape): number => shape.reduce((product, each) => product * each, 1)
const given = (openingShape: Shape): { readonly o: Tensor; readonly a: Tensor; readonly b: Tensor } => {
  const normal = (name: string): Tensor => tensor(normalArray(foldIn(randomKey(3), name), 24), [2, 3, 4])
  return { o: tensor(uniformArray(foldIn(randomKey(3), 'o'), size(openingShape)), openingShape), a: normal('a'), b: normal('b') }
}

describe('mix', () => {
  it('is exact where it is open or closed', () => {
    const numbers = scope(() => [...readSync(mix(tensor([1, 0], [2]), tensor([0.1, 7], [2]), tensor([1e8, 0.3], [2])))])
    expect(numbers).toEqual([...new Float32Array([0.1, 0.3])])
  })

  it.each<readonly [Shape]>([[[2, 3, 4]], [[2, 1, 4]], [[4]], [[1, 1, 1]]])('has the value and the derivatives of the composed form, with an opening of shape %j', (shape) => {
    scope(() => {
      const inputs = given(shape)
      const results = [mix, composed].map((f) => {
        const loss = ({ o, a, b }: typeof inputs) => sum(square(f(o, a, b)))
        const { value, gradient } = valueAndGrad(loss)(inputs)
        const second = grad((point: typeof inputs) => sum(square(grad(loss)(point).o)))(inputs)
        return { value, gradient, second }
      })
      const numbers = results.map(({ value, gradient, second }) => ({
        first: [value, gradient.o, gradient.a, gradient.b].map((each) => [...readSync(each)]),
        second: [second.o, second.a, second.b].flatMap((each) => [...readSync(each)]),
      }))
      expect(numbers[0]?.first).toEqual(numbers[1]?.first)
      for (const [index, number] of (numbers[0]?.second ?? []).entries()) expect(number).toBeCloseTo(numbers[1]?.second[index] ?? Number.NaN, 3)
    })
  })

  it('keeps nothing but its inputs for the backward pass', () => {
    const inputs = scope(() => given([2, 3, 4]))
    const kept = (f: typeof composed): number => {
      let count = 0
      const gradient = grad(({ o, a, b }: typeof inputs) => {
        const before = liveTensors()
        const mixed = f(o, a, b)
        count = liveTensors() - before
        return sum(mixed)
      })(inputs)
      release(gradient)
      return count
    }
    expect([kept(mix), kept(composed)]).toEqual([1, 5])
    release(inputs)
  })
})

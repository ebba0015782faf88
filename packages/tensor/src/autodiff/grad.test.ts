import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { release, scope } from '../memory/scope.js'
import { add, divide, multiply, negate, square, subtract } from '../ops/arithmetic.js'
import { cast, greater } from '../ops/comparison.js'
import { integerTensor, scalar, tensor } from '../ops/creation.js'
import { exp, power, relu, sin, tanh } from '../ops/elementwise.js'
import { gather } from '../ops/indexing.js'
import { matMul } from '../ops/matrix-product.js'
import { mean, sum } from '../ops/reduction.js'
import { identity, reshape, stopGradient } from '../ops/shape.js'
import { softmaxCrossEntropy } from '../ops/softmax.js'
import { normalArray } from '../random/host.js'
import { randomKey } from '../random/key.js'
import { item, readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { liveTensors } from '../testing/index.js'
import { leavesOf, type TensorTree } from '../tree/tree.js'
import { grad, hessianVectorProduct, innerProduct, valueAndGrad, valueAndGradWithAuxiliary, vectorJacobianProducts, withGradient } from './grad.js'

const slopeOf = (f: (x: Scalar) => Scalar, at: number): number => scope(() => item(grad(f)(scalar(at))))

describe('derivatives of higher order', () => {
  test('of x⁵ to the fifth', () => {
    scope(() => {
      let f = (x: Scalar): Scalar => power(x, 5)
      for (const expected of [5 * 2 ** 4, 20 * 2 ** 3, 60 * 2 ** 2, 120 * 2, 120]) {
        f = grad(f)
        expectClose(f(scalar(2)), [expected], { relative: 1e-4 })
      }
      expect(item(grad(f)(scalar(2)))).toBe(0)
    })
  })

  test('of whole powers at 0, where negative powers are infinite', () => {
    scope(() => {
      const cube = (x: Scalar): Scalar => power(x, 3)
      expect(item(grad(grad(grad(cube)))(scalar(0)))).toBe(6)
      expect(item(grad(grad(grad(grad(cube))))(scalar(0)))).toBe(0)
    })
  })

  test.each([
    { name: 'exp(2x)', f: (x: Scalar): Scalar => exp(multiply(x, 2)), third: (x: number) => 8 * Math.exp(2 * x) },
    { name: 'sin(x)', f: (x: Scalar): Scalar => sin(x), third: (x: number) => -Math.cos(x) },
    // tanh''' = -2 (1 - t²) (1 - 3t²)
    { name: 'tanh(x)', f: (x: Scalar): Scalar => tanh(x), third: (x: number) => -2 * (1 - Math.tanh(x) ** 2) * (1 - 3 * Math.tanh(x) ** 2) },
    { name: '1 / x', f: (x: Scalar): Scalar => divide(1, x), third: (x: number) => -6 / x ** 4 },
  ])('the third derivative of $name', ({ f, third }) => {
    for (const at of [-0.7, 0.4, 1.3]) expectClose([slopeOf(grad(grad(f)), at)], [third(at)], { relative: 1e-4, absolute: 1e-5 })
  })
})

describe('nested gradients do not mix up what is differentiated', () => {
  test('the argument is captured by an inner gradient at another point', () => {
    // d/dx [x · d/dy (x + y)] = 1, though x and y are both 1.
    expect(slopeOf((x) => multiply(x, grad((y: Scalar) => add(x, y))(scalar(1))), 1)).toBe(1)
  })

  test('the same tensor is inside and outside', () => {
    // d/dx [x · d/dx (x · x)], the outer x held in the inner one: x · (x held + x) summed over y = x gives x · x, whose slope is 2x.
    expect(slopeOf((x) => multiply(x, grad((y: Scalar) => multiply(x, y))(x)), 3)).toBe(6)
    // With the inner function x y²: x · 2xy at y = x is 2x³, whose slope is 6x².
    expect(slopeOf((x) => multiply(x, grad((y: Scalar) => multiply(x, square(y)))(x)), 3)).toBe(54)
  })

  test('one tensor is the argument of two gradients', () => {
    scope(() => {
      const x = scalar(3)
      const outer = grad((a: Scalar) => add(square(a), multiply(x, grad(square as (b: Scalar) => Scalar)(x))))
      // Only a is differentiated; x beside it is a constant.
      expect(item(outer(x))).toBe(6)
    })
  })

  test('a tensor that the function captured is a constant', () => {
    scope(() => {
      const x = scalar(3)
      expect(item(grad((y: Scalar) => multiply(x, y))(x))).toBe(3)
    })
  })
})

describe('hessianVectorProduct', () => {
  test('of a quadratic form is its matrix times the direction', () => {
    scope(() => {
      // f(x) = ½ xᵀ A x + bᵀ x with a matrix that is not symmetric: H = ½ (A + Aᵀ).
      const A = [2, 1, 0, -3, 4, 0.5, 1, 0, -1]
      const matrix = tensor(A, [3, 3])
      const f = (x: Tensor<readonly [3]>): Scalar =>
        add(multiply(sum(multiply(reshape(matMul(matrix, reshape(x, [3, 1])), [3]), x)), 0.5), sum(multiply(x, tensor([1, 2, 3], [3]))))
      const v = [1, -2, 0.5]
      const product = hessianVectorProduct(f)(tensor([0.3, -1, 2], [3]), tensor(v, [3]))
      expectClose(product, [0, 1, 2].map((row) => [0, 1, 2].reduce((total, column) => total + 0.5 * ((A[3 * row + column] ?? 0) + (A[3 * column + row] ?? 0)) * (v[column] ?? 0), 0)))
    })
  })

  test('couples the tensors of a tree, and takes further arguments', () => {
    scope(() => {
      // f = k a b²: H (u, v) = (2 k b v, 2 k b u + 2 k a v).
      const f = ({ a, b }: { readonly a: Scalar; readonly b: Scalar }, k: number): Scalar => multiply(multiply(a, square(b)), k)
      const product = hessianVectorProduct(f)({ a: scalar(2), b: scalar(3) }, { a: scalar(5), b: scalar(7) }, 10)
      expectClose(product.a, [2 * 10 * 3 * 7])
      expectClose(product.b, [2 * 10 * 3 * 5 + 2 * 10 * 2 * 7])
    })
  })

  test('is zero for a linear function', () => {
    scope(() => expectClose(hessianVectorProduct((x: Tensor<readonly [2]>) => sum(multiply(x, 3)))(tensor([1, 2], [2]), tensor([1, 1], [2])), [0, 0]))
  })
})

describe('what is and is not differentiated', () => {
  test('parameters that are not used have a gradient of zeros', () => {
    scope(() => {
      const params = { used: tensor([1, 2], [2]), unused: tensor([1, 2, 3], [3]) }
      const gradient = grad(({ used }: typeof params) => sum(square(used)))(params)
      expectClose(gradient.used, [2, 4])
      expectClose(gradient.unused, [0, 0, 0])
    })
  })

  test('a value that does not depend on the parameters has a gradient of zeros', () => {
    scope(() => {
      const { value, gradient } = valueAndGrad((_x: Tensor<readonly [2]>) => scalar(5))(tensor([1, 2], [2]))
      expect(item(value)).toBe(5)
      expectClose(gradient, [0, 0])
    })
  })

  test('the parameter itself may be the value', () => {
    scope(() => {
      const { value, gradient } = valueAndGrad((x: Scalar) => x)(scalar(5))
      expect([item(value), item(gradient)]).toEqual([5, 1])
    })
  })

  test('integers, casts to integers and stopped gradients pass nothing on', () => {
    scope(() => {
      const table = tensor([1, 2, 3, 4], [2, 2])
      const gradient = grad((x: Tensor) => sum(square(gather(x, integerTensor([1, 1, 0], [3])))))(table)
      expectClose(gradient, [2, 4, 12, 16])
      const rounded = (x: Scalar): Scalar => add(cast(cast(multiply(x, 3), 'int32'), 'float32'), x)
      expect(slopeOf(rounded, 1.5)).toBe(1)
      expect(slopeOf((x) => multiply(x, stopGradient(x)), 3)).toBe(3)
      expect(slopeOf((x) => multiply(x, cast(greater(x, 0), 'float32')), 3)).toBe(1)
    })
  })

  test('labels of a loss have no gradient', () => {
    scope(() => {
      const logits = tensor([1, 2, 3, 0], [2, 2])
      const [, labels] = vectorJacobianProducts((x, y) => [softmaxCrossEntropy(x as typeof logits, y as typeof logits)], [logits, tensor([0, 1, 1, 0], [2, 2])], [tensor([1, 1], [2])])
      expectClose(labels, [0, 0, 0, 0])
    })
  })

  test('only a single number is differentiated', () => {
    scope(() => {
      // The compiler refuses a vector; plain JavaScript does not.
      const vector = square as unknown as (x: Tensor<readonly [2]>) => Scalar
      expect(() => grad(vector)(tensor([1, 2], [2]))).toThrow('Only a single number has a gradient, but the function returned a tensor of shape [2]. Sum it, or take its mean.')
    })
  })
})

describe('memory', () => {
  test('value, auxiliary and gradient are kept, everything else is freed', () => {
    const params = { a: tensor([1, 2], [2]), b: tensor([3, 4], [2]) }
    const before = liveTensors()
    const result = valueAndGradWithAuxiliary(({ a, b }: typeof params) => {
      const product = exp(multiply(a, b))
      const rectified = relu(product)
      return { value: mean(tanh(rectified)), auxiliary: { product, list: [rectified], given: params.a } }
    })(params)
    expect(liveTensors() - before).toBe(5)
    const expected = [Math.exp(3), Math.exp(8)]
    expectClose(result.auxiliary.product, expected)
    expectClose(result.auxiliary.list[0] as Tensor, expected)
    expect(result.auxiliary.given).toBe(params.a)
    release({ value: result.value, gradient: result.gradient, product: result.auxiliary.product, list: result.auxiliary.list })
    expect(liveTensors()).toBe(before)
    release(params)
  })

  test('intermediate values are freed during the backward pass, not after it', () => {
    const depth = 50
    const x = tensor([1, 2], [2])
    let most = 0
    const watch = <T>(result: T): T => {
      most = Math.max(most, liveTensors())
      return result
    }
    const before = liveTensors()
    const gradient = grad((y: Tensor<readonly [2]>) => {
      let value = y
      for (let layer = 0; layer < depth; layer++) {
        const input = value
        value = withGradient([input], () => tanh(input), (outer) => [watch(multiply(outer, 0.5))])
      }
      return sum(value)
    })(x)
    // The forward pass holds one value a layer. Were values kept, the backward pass would hold two.
    expect(most - before).toBeLessThan(depth + 10)
    release([gradient, x])
  })

  test('what the caller owns is never freed: captured tensors, further arguments, gradients that a pull-back returns', () => {
    const owned = { mask: tensor([1, 0], [2]), argument: tensor([5, 6], [2]), x: tensor([1, 2], [2]) }
    const gradient = grad((x: Tensor<readonly [2]>, argument: Tensor<readonly [2]>) => {
      const masked = withGradient([x], () => identity(x), () => [owned.mask])
      return sum(add(square(masked), multiply(argument, owned.mask)))
    })(owned.x, owned.argument)
    expectClose(gradient, [1, 0])
    for (const tensorOfCaller of Object.values(owned)) expect(readSync(tensorOfCaller)).toHaveLength(2)
    release([gradient, owned])
  })

  test('a gradient that several parameters share may be released with each', () => {
    const params = { a: scalar(1), b: scalar(2) }
    const before = liveTensors()
    const gradient = grad(({ a, b }: typeof params) => add(a, b))(params)
    expect([item(gradient.a), item(gradient.b)]).toEqual([1, 1])
    release(gradient)
    expect(liveTensors()).toBe(before)
    release(params)
  })

  test('output gradients that are given to vectorJacobianProducts stay', () => {
    const x = tensor([1, 2], [2])
    const outer = tensor([3, 4], [2])
    const [gradient] = vectorJacobianProducts((y) => [identity(y)], [x], [outer])
    release(gradient)
    const [untouched] = vectorJacobianProducts((y) => [y], [x], [outer])
    expectClose(untouched, [3, 4])
    release([x, outer, untouched])
  })

  test('nested gradients leave nothing behind', () => {
    const x = tensor([0.1, 0.2], [2])
    const before = liveTensors()
    const cubic = (y: Tensor<readonly [2]>): Scalar => sum(power(tanh(y), 3))
    release(hessianVectorProduct(cubic)(x, x))
    release(grad((y: Tensor<readonly [2]>) => innerProduct(hessianVectorProduct(cubic)(y, y), y))(x))
    expect(liveTensors()).toBe(before)
    release(x)
  })
})

describe('a function that throws', () => {
  const failing = (x: Scalar): Scalar => {
    exp(x)
    throw new Error('on purpose')
  }

  test('leaves no tensor and nothing that records', () => {
    const x = scalar(1)
    const before = liveTensors()
    expect(() => grad(failing)(x)).toThrow('on purpose')
    expect(() => grad((y: Scalar) => grad(failing)(y))(x)).toThrow('on purpose')
    expect(liveTensors()).toBe(before)
    // Were a tape still recording, a scope would keep what is made in it.
    scope(() => {
      exp(x)
    })
    expect(liveTensors()).toBe(before)
    release(x)
  })

  test('inside another differentiation, once caught, does not disturb it', () => {
    const slope = slopeOf((x) => {
      try {
        grad(failing)(x)
      } catch {
        // Tried and given up.
      }
      try {
        withGradient([x], () => failing(x), () => [])
      } catch {
        // The same inside a forward pass that is not recorded.
      }
      return square(x)
    }, 3)
    expect(slope).toBe(6)
  })

  test('in a pull-back leaves no tensor either', () => {
    const x = scalar(1)
    const before = liveTensors()
    const f = (y: Scalar): Scalar =>
      withGradient([y], () => exp(y), () => {
        scalar(1)
        throw new Error('on purpose')
      })
    expect(() => grad(f)(x)).toThrow('on purpose')
    expect(liveTensors()).toBe(before)
    release(x)
  })
})

describe('withGradient', () => {
  test('replaces the gradient and leaves the value', () => {
    scope(() => {
      const reversed = (x: Scalar): Scalar => withGradient([x], () => square(x), (gradient) => [multiply(gradient as Scalar, -1)])
      expect(item(reversed(scalar(3)))).toBe(9)
      expect(slopeOf(reversed, 3)).toBe(-1)
    })
  })

  test('its pull-back is differentiated in turn', () => {
    // A gradient of 5x² for any function has the derivative 10x.
    const f = (x: Scalar): Scalar => withGradient([x], () => identity(x), (gradient) => [multiply(gradient, multiply(square(x), 5))])
    expect(slopeOf(f, 3)).toBe(45)
    expect(slopeOf(grad(f), 3)).toBe(30)
  })

  test('is told which inputs want a gradient', () => {
    scope(() => {
      const seen: (readonly boolean[])[] = []
      const frozen = scalar(2)
      grad((x: Scalar) =>
        withGradient([frozen, x], () => multiply(frozen, x), (gradient, wanted) => {
          seen.push(wanted)
          return [undefined, gradient]
        }),
      )(scalar(3))
      expect(seen).toEqual([[false, true]])
    })
  })
})

describe('vectorJacobianProducts', () => {
  test('pulls back through several results at once', () => {
    scope(() => {
      const [x, y] = [tensor([1, 2], [2]), tensor([3, 4], [2])]
      const f = (a: Tensor, b: Tensor): readonly Tensor[] => [multiply(a, b), negate(a), exp(b)]
      const [dx, dy] = vectorJacobianProducts(f, [x, y], [tensor([1, 10], [2]), tensor([1, 1], [2]), undefined])
      expectClose(dx, [3 - 1, 40 - 1])
      expectClose(dy, [1, 20])
    })
  })
})

describe('innerProduct', () => {
  test('sums over all tensors of a tree', () => {
    scope(() => {
      expect(item(innerProduct({ a: tensor([1, 2], [2]), b: [scalar(3)] }, { a: tensor([4, 5], [2]), b: [scalar(6)] }))).toBe(32)
    })
  })

  test('wants at least one tensor, and equal structures', () => {
    scope(() => {
      expect(() => innerProduct({}, {})).toThrow(TransferkitError)
      expect(() => innerProduct({ a: scalar(1) }, { b: scalar(1) })).toThrow(`'a' is missing in the second one`)
    })
  })
})

test('a gradient step may itself be differentiated, as a bilevel method does', () => {
  scope(() => {
    // One step p' = p - r ∇(c p²), then the loss (p')²: p' = p (1 - 2 r c), d/dc = 2 p' · (-2 r p).
    const [p, r, c] = [1.5, 0.1, 2]
    const outer = (weight: Scalar): Scalar => {
      const inner = grad((x: Scalar) => multiply(weight, square(x)))
      return square(subtract(scalar(p), multiply(inner(scalar(p)), r)))
    }
    expectClose([slopeOf(outer, c)], [2 * p * (1 - 2 * r * c) * (-2 * r * p)])
  })
})

test('the gradient of a small network equals finite differences of every parameter', () => {
  scope(() => {
    const values = { first: normalArray(randomKey(1), 6), second: normalArray(randomKey(2), 8) }
    const inputs = tensor(normalArray(randomKey(3), 15), [5, 3])
    const labels = integerTensor([0, 3, 2, 1, 1], [5])
    const loss = (first: Tensor, second: Tensor): Scalar => mean(softmaxCrossEntropy(matMul(tanh(matMul(inputs as Tensor, first)), second) as Tensor<readonly ['batch', 'class']>, labels))
    const at = (change: Readonly<Record<string, Float32Array>>): { first: Tensor; second: Tensor } => {
      const { first = values.first, second = values.second } = change
      return { first: tensor(first, [3, 2]), second: tensor(second, [2, 4]) }
    }
    const gradient = grad(({ first, second }: { first: Tensor; second: Tensor }) => loss(first, second))(at({}))
    for (const name of ['first', 'second'] as const) {
      const differences = values[name].map((_, index) => {
        const [up, down] = [1e-2, -1e-2].map((step) => {
          const { first, second } = at({ [name]: values[name].with(index, (values[name][index] ?? 0) + step) })
          return item(loss(first, second))
        }) as [number, number]
        return (up - down) / 2e-2
      })
      expectClose(gradient[name], differences, { absolute: 2e-4, relative: 1e-3 })
    }
  })
})

test('the structure of a gradient is that of its parameters', () => {
  scope(() => {
    const params: TensorTree = { list: [scalar(1), { deep: tensor([1, 2], [2]) }], empty: {} }
    const gradient = grad((tree: TensorTree) => leavesOf<Tensor>(tree as never).reduce<Scalar>((total, leaf) => add(total, sum(leaf)), scalar(0)))(params)
    expect(JSON.stringify(gradient, (key, value: unknown) => (key === '' || typeof value !== 'object' || value === null || !('dataId' in value) ? value : 'tensor'))).toBe(
      '{"empty":{},"list":["tensor",{"deep":"tensor"}]}',
    )
  })
})

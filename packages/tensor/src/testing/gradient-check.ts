import { grad, hessianVectorProduct } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { multiply } from '../ops/arithmetic.js'
import { tensor } from '../ops/creation.js'
import { sum } from '../ops/reduction.js'
import { normalArray } from '../random/host.js'
import { foldIn, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'

/** A function to check and where. */
export interface GradientCheck {
  /** The function, of one or more tensors; any result is reduced to a number by fixed random weights. */
  readonly f: (...inputs: readonly Tensor[]) => Tensor
  /** Where to evaluate it, away from kinks. */
  readonly inputs: readonly Tensor[]
  /** Step of the central differences, 1e-2 unless told: float32 leaves three to four digits. */
  readonly step?: number
  /** Orders to check, `[1, 2]` unless told. */
  readonly orders?: readonly (1 | 2)[]
  /** Seed of the weights and directions, 1 unless told. */
  readonly seed?: number
}

/** How far analytic derivatives are from central differences, relative to their size. */
export interface GradientReport {
  /** Error of the gradient, by input; `undefined` where it was not asked for. */
  readonly first?: readonly number[]
  /** Error of the Hessian-vector product, by input; `undefined` where it was not asked for. */
  readonly second?: readonly number[]
}

/**
 * Compares the gradient of a function, and its Hessian-vector product, with central finite differences along random directions.
 *
 * For the gradient, `⟨∇f, d⟩` is compared with `(f(x + εd) - f(x - εd)) / 2ε`; for the second order, `⟨Hv, d⟩` with
 * `(⟨∇f(x + εd), v⟩ - ⟨∇f(x - εd), v⟩) / 2ε`, so that every element takes part.
 *
 * @param check The function and where to check it.
 * @returns Relative errors; about 1e-3 is what float32 allows.
 *
 * @example
 * ```ts
 * import { exp, tensor } from '@transferkit/tensor'
 * import { checkGradients } from '@transferkit/tensor/testing'
 *
 * const { first, second } = checkGradients({ f: (x) => exp(x!), inputs: [tensor([0.1, -0.4], [2])] })
 * ```
 */
export const checkGradients = ({ f, inputs, step = 1e-2, orders = [1, 2], seed = 1 }: GradientCheck): GradientReport => {
  const key = randomKey(seed)
  const like = (x: Tensor, name: string): Float32Array => normalArray(foldIn(key, name), x.size)
  const weights = scope(() => like(f(...inputs), 'weights'))
  const value = (...xs: readonly Tensor[]): Scalar => {
    const output = f(...xs)
    return sum(multiply(output, tensor(weights, output.shape)))
  }
  const dot = (a: Tensor, b: Float32Array): number => readSync(a).reduce((total, element, index) => total + element * (b[index] ?? 0), 0)
  const relative = (a: number, b: number, scale: number): number => Math.abs(a - b) / Math.max(scale, 1e-3)

  const alongDirection = (position: number, order: 1 | 2): number => {
    // Called with the positions of the inputs.
    const x = inputs[position] as Tensor
    const direction = like(x, `direction ${position}`)
    const other = like(x, `other ${position}`)
    const at = (point: Tensor): Tensor[] => inputs.map((input, index) => (index === position ? point : input))
    const one = (point: Tensor): Scalar => value(...at(point))
    const moved = (sign: 1 | -1): Tensor => tensor(readSync(x).map((element, index) => element + sign * step * (direction[index] ?? 0)), x.shape)
    return scope(() => {
      if (order === 1) {
        const analytic = dot(grad(one)(x), direction)
        const up = readSync(one(moved(1)))[0] ?? Number.NaN
        const down = readSync(one(moved(-1)))[0] ?? Number.NaN
        const numeric = (up - down) / (2 * step)
        return relative(analytic, numeric, Math.abs(numeric) + Math.sqrt(readSync(grad(one)(x)).reduce((total, g) => total + g * g, 0)) * 0.1)
      }
      const product = hessianVectorProduct(one)(x, tensor(other, x.shape))
      const analytic = dot(product, direction)
      const numeric = (dot(grad(one)(moved(1)), other) - dot(grad(one)(moved(-1)), other)) / (2 * step)
      return relative(analytic, numeric, Math.abs(numeric) + Math.sqrt(readSync(product).reduce((total, g) => total + g * g, 0)) * 0.1)
    })
  }

  return {
    ...(orders.includes(1) ? { first: inputs.map((_, position) => alongDirection(position, 1)) } : {}),
    ...(orders.includes(2) ? { second: inputs.map((_, position) => alongDirection(position, 2)) } : {}),
  }
}

import { readSync } from '../tensor/read.js'
import type { Axes, DataType } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'

/** How far two numbers may be apart: `|actual - expected| ≤ absolute + relative · |expected|`. The defaults are our choice, about a hundred roundings of float32. */
export interface Tolerance {
  /** Absolute part, in the unit of the numbers; 1e-6 unless told. */
  readonly absolute?: number
  /** Relative part, without unit; 1e-5 unless told. */
  readonly relative?: number
}

/** Numbers to compare: a tensor or a list. */
export type Values = Tensor<Axes, DataType> | ArrayLike<number>

const valuesOf = (values: Values): ArrayLike<number> => ('dtype' in values ? readSync<DataType>(values) : values)

/**
 * Whether all elements are close to those expected, `|actual - expected| ≤ absolute + relative · |expected|`. NaN is close to nothing, infinity only to itself.
 *
 * @param actual A tensor or a list of numbers.
 * @param expected A tensor or a list of numbers, compared element by element; shapes are not compared.
 * @param tolerance How far apart they may be.
 * @returns False, too, where the numbers of elements differ.
 *
 * @example
 * ```ts
 * import { closeTo } from '@transferkit/tensor/testing'
 *
 * closeTo([1, 2], [1, 2.00001]) // true
 * closeTo([1, 2], [1, 2.1]) // false
 * closeTo([1, 2], [1, 2.1], { relative: 0.05 }) // true
 * ```
 */
export const closeTo = (actual: Values, expected: Values, tolerance: Tolerance = {}): boolean => worst(actual, expected, tolerance) === undefined

/**
 * Throws where an element is not close to the one expected, by the rule of {@link closeTo}.
 *
 * @param actual A tensor or a list of numbers.
 * @param expected A tensor or a list of numbers, compared element by element; shapes are not compared.
 * @param tolerance How far apart they may be.
 * @throws Error when the numbers of elements differ, or that names the position, both numbers and the tolerance.
 *
 * @example
 * ```ts
 * import { exp, tensor } from '@transferkit/tensor'
 * import { expectClose } from '@transferkit/tensor/testing'
 *
 * expectClose(exp(tensor([0, 1], [2])), [1, Math.E])
 * ```
 */
export const expectClose = (actual: Values, expected: Values, tolerance: Tolerance = {}): void => {
  const problem = worst(actual, expected, tolerance)
  if (problem !== undefined) throw new Error(problem)
}

const worst = (actual: Values, expected: Values, { absolute = 1e-6, relative = 1e-5 }: Tolerance): string | undefined => {
  const [found, wanted] = [valuesOf(actual), valuesOf(expected)]
  if (found.length !== wanted.length) return `${found.length} elements instead of ${wanted.length}`
  let excess = 0
  let message: string | undefined
  for (let index = 0; index < wanted.length; index++) {
    const [a, b] = [found[index] ?? Number.NaN, wanted[index] ?? Number.NaN]
    const allowed = absolute + relative * Math.abs(b)
    const distance = Math.abs(a - b)
    if (a === b || (Number.isFinite(b) && distance <= allowed)) continue
    if (!Number.isFinite(distance)) return `element ${index} of ${wanted.length} is ${a} instead of ${b}`
    if (distance - allowed > excess) {
      message = `element ${index} of ${wanted.length} is ${a} instead of ${b}, which differs by ${distance}, more than ${allowed}`
      excess = distance - allowed
    }
  }
  return message
}

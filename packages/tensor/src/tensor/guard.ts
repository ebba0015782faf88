import { TransferkitError } from '../error.js'
import type { Axes, DataType } from './axes.js'
import type { AnyTensor, Tensor } from './tensor.js'

/** What a value from outside is and where it came from, for the message when it does not fit. */
export interface Expectation<D extends DataType> {
  /** What the value is, such as `'images of photos.tar'`. */
  readonly what: string
  /** Element type that it must have, `float32` unless told. */
  readonly dtype?: D
  /** What the reader of the message should do about it. */
  readonly advice?: string
}

/**
 * Checks a value that enters from outside and gives it its axes.
 *
 * A known size must be met; a name stands for any size, but the same name must stand for the same size.
 *
 * @param value A tensor from a file, a user's own array, another library.
 * @param axes The axes that it must have.
 * @param expectation What it is, and what to do when it does not fit.
 * @throws TransferkitError `shape/unexpected` that names the axis, the expected and the found size, and what to do.
 *
 * @example
 * ```ts
 * import { expectAxes, ones } from '@transferkit/tensor'
 *
 * const images = expectAxes(ones([4, 28, 28, 1]), ['batch', 28, 28, 1], { what: 'digits' })
 * ```
 */
export const expectAxes = <const A extends Axes, D extends DataType = 'float32'>(value: AnyTensor, axes: A, expectation: Expectation<D>): Tensor<A, D> => {
  const { what, advice } = expectation
  const dtype = expectation.dtype ?? 'float32'
  const fail = (problem: string): never => {
    throw new TransferkitError('shape/unexpected', `${what}: ${problem} Expected [${axes.join(', ')}], found [${value.shape.join(', ')}].${advice === undefined ? '' : ` ${advice}`}`)
  }
  if (value.dtype !== dtype) fail(`the element type is ${value.dtype}, not ${dtype}.`)
  if (value.shape.length !== axes.length) fail(`${value.shape.length} axes instead of ${axes.length}.`)
  const sizes = new Map<string, number>()
  axes.forEach((axis, index) => {
    const found = value.shape[index] ?? 0
    const expected = typeof axis === 'string' ? (sizes.get(axis) ?? found) : axis
    if (found !== expected) fail(`axis ${index}${typeof axis === 'string' ? ` ('${axis}')` : ''} has size ${found}, not ${expected}.`)
    if (typeof axis === 'string') sizes.set(axis, found)
  })
  // Rank, sizes and element type were checked one by one.
  return value as unknown as Tensor<A, D>
}

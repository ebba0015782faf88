import { TransferkitError } from '../error.js'
import { differentiable } from '../autodiff/tape.js'
import type { Axes, Axis, DataType } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { runKernel } from '../tensor/upstream.js'
import { add, divide, multiply, square, subtract } from './arithmetic.js'
import { cast, equal } from './comparison.js'
import { exp, log, sqrt } from './elementwise.js'
import { broadcastTo, reshape, shapeOf, stopGradient } from './shape.js'

/** Which axes a reduction runs over: all unless told, counted from the last when negative. */
export type ReducedAxes = readonly number[] | number | undefined

const resolve = (x: Tensor<Axes, DataType>, axes: ReducedAxes): readonly number[] => {
  const resolved = (axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === 'number' ? [axes] : axes).map((axis) => {
    if (!Number.isInteger(axis) || axis < -x.rank || axis >= x.rank) {
      throw new TransferkitError('shape/axis', `Axis ${axis} does not exist in a tensor of shape [${String(x.shape)}].`)
    }
    return axis < 0 ? axis + x.rank : axis
  })
  if (new Set(resolved).size < resolved.length) {
    throw new TransferkitError('shape/axis', `The axes [${String(axes)}] name an axis of a tensor of shape [${String(x.shape)}] twice.`)
  }
  return resolved
}

/** The shape of `x` with size 1 along the reduced axes, so that a result broadcasts against `x`. */
const keptShape = (x: Tensor<Axes, DataType>, axes: readonly number[]): readonly number[] => x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))

/** The axes `A` without those at the positions `R`, which count from 0 or, when negative, from the last; `Passed` counts how many were looked at. */
export type WithoutPositions<A extends Axes, R extends number, Passed extends Axes = []> = A extends readonly [infer First extends Axis, ...infer Rest extends Axes]
  ? `${Passed['length']}` | `-${A['length']}` extends infer Position
    ? [Extract<Position, `${R}`>] extends [never]
      ? readonly [First, ...WithoutPositions<Rest, R, [...Passed, First]>]
      : WithoutPositions<Rest, R, [...Passed, First]>
    : never
  : readonly []

/** Axes of a result: none when all were reduced, those that are left when it is known which, unknown otherwise. */
export type Reduced<A extends Axes, R extends ReducedAxes> = [R] extends [undefined]
  ? readonly []
  : number extends A['length']
    ? Axes
    : R extends number
      ? number extends R
        ? Axes
        : WithoutPositions<A, R>
      : R extends readonly number[]
        ? number extends R['length'] | R[number]
          ? Axes
          : WithoutPositions<A, R[number]>
        : Axes

/**
 * Sum over some axes.
 *
 * @param x A tensor.
 * @param axes Axes to sum over, counted from the last when negative; all unless told. The result is without them.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { sum, tensor } from '@transferkit/tensor'
 *
 * const total = sum(tensor([1, 2, 3], [3])) // 6
 * const rows = sum(tensor([1, 2, 3, 4], [2, 2]), [1]) // [3, 7]
 * ```
 */
export const sum = <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R): Tensor<Reduced<A, R>> => {
  const over = resolve(x, axes)
  return differentiable(
    [x],
    () => runKernel<Reduced<A, R>>('Sum', { x }, { axis: [...over], keepDims: false }),
    (gradient) => [broadcastTo(reshape(gradient, keptShape(x, over)), shapeOf(x))],
  )
}

/**
 * Arithmetic mean over some axes.
 *
 * @param x A tensor.
 * @param axes Axes to average over, counted from the last when negative; all unless told. The result is without them.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { mean, tensor } from '@transferkit/tensor'
 *
 * const average = mean(tensor([1, 2, 3], [3])) // 2
 * const columns = mean(tensor([1, 2, 3, 4], [2, 2]), [0]) // [2, 3]
 * ```
 */
export const mean = <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R): Tensor<Reduced<A, R>> => {
  const over = resolve(x, axes)
  const count = over.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1)
  return differentiable(
    [x],
    () => runKernel<Reduced<A, R>>('Mean', { x }, { axis: [...over], keepDims: false }),
    (gradient) => [broadcastTo(multiply(reshape(gradient, keptShape(x, over)), 1 / count), shapeOf(x))],
  )
}

/** Mean and variance over the same axes. */
export interface Moments<A extends Axes = Axes> {
  /** Arithmetic mean. */
  readonly mean: Tensor<A>
  /** Biased variance: the mean of squared deviations. */
  readonly variance: Tensor<A>
}

/**
 * Mean and biased variance over some axes.
 *
 * @param x A tensor.
 * @param axes Axes to reduce, counted from the last when negative; all unless told. The result is without them.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { moments, tensor } from '@transferkit/tensor'
 *
 * const { variance } = moments(tensor([1, 3], [2])) // 1
 * ```
 */
export const moments = <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R): Moments<Reduced<A, R>> => {
  const average = mean(x, axes)
  const centred = subtract<Axes>(x, reshape(average, keptShape(x, resolve(x, axes))))
  // The squares have the axes of `x`.
  return { mean: average, variance: mean(square(centred) as unknown as Tensor<A>, axes) }
}

const extreme =
  (kernel: 'Max' | 'Min') =>
  <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R): Tensor<Reduced<A, R>> => {
    const over = resolve(x, axes)
    return differentiable(
      [x],
      () => runKernel<Reduced<A, R>>(kernel, { x }, { reductionIndices: [...over], axis: [...over], keepDims: false }),
      (gradient, _wanted, output) => {
        const hit = cast<Axes, 'float32'>(equal<Axes, Axes>(x, reshape(stopGradient(output), keptShape(x, over))), 'float32')
        const share = divide(hit, reshape(sum(hit, over), keptShape(x, over)))
        return [multiply(share, reshape(gradient, keptShape(x, over)))]
      },
    )
  }

/**
 * Largest element over some axes. Where several elements are largest, they share the gradient equally.
 *
 * @param x A tensor.
 * @param axes Axes to reduce, counted from the last when negative; all unless told. The result is without them.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { max, tensor } from '@transferkit/tensor'
 *
 * const largest = max(tensor([1, 3, 2], [3])) // 3
 * const inRows = max(tensor([1, 3, 2, 4], [2, 2]), [-1]) // [3, 4]
 * ```
 */
export const max: <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R) => Tensor<Reduced<A, R>> = extreme('Max')

/**
 * Smallest element over some axes. Where several elements are smallest, they share the gradient equally.
 *
 * @param x A tensor.
 * @param axes Axes to reduce, counted from the last when negative; all unless told. The result is without them.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { min, tensor } from '@transferkit/tensor'
 *
 * const smallest = min(tensor([1, 3, 2], [3])) // 1
 * ```
 */
export const min: <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R) => Tensor<Reduced<A, R>> = extreme('Min')

/**
 * `log Σ exp(x)` over some axes, without overflow.
 *
 * @param x A tensor.
 * @param axes Axes to reduce, counted from the last when negative; all unless told. The result is without them.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { logSumExp, tensor } from '@transferkit/tensor'
 *
 * const value = logSumExp(tensor([0, 0], [2])) // log 2
 * ```
 */
export const logSumExp = <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R): Tensor<Reduced<A, R>> => {
  const over = resolve(x, axes)
  const largest = stopGradient(max(x, over))
  const shifted = subtract<Axes>(x, reshape(largest, keptShape(x, over)))
  // All three have the axes that are left.
  return add(log(sum(exp(shifted), over)), largest) as Tensor<Reduced<A, R>>
}

/**
 * Euclidean norm over some axes, `√(Σ x² + ε)`.
 *
 * @param x A tensor.
 * @param axes Axes to reduce, counted from the last when negative; all unless told. The result is without them.
 * @param epsilon Added under the root so that the gradient at 0 is finite; 0 unless told: the exact norm.
 * @throws TransferkitError `shape/axis` when an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { norm, tensor } from '@transferkit/tensor'
 *
 * const length = norm(tensor([3, 4], [2])) // 5
 * ```
 */
export const norm = <A extends Axes, const R extends ReducedAxes = undefined>(x: Tensor<A>, axes?: R, epsilon = 0): Tensor<Reduced<A, R>> => {
  const squares = sum(square(x), axes)
  return sqrt(epsilon === 0 ? squares : add(squares, epsilon))
}

/**
 * Position of the largest element along an axis; the first where several are largest. It has no gradient.
 *
 * @param x A tensor.
 * @param axis The axis to search, the last unless told.
 * @throws TransferkitError `shape/axis` when the axis does not exist.
 *
 * @example
 * ```ts
 * import { argMax, tensor } from '@transferkit/tensor'
 *
 * const predicted = argMax(tensor([0.1, 0.7, 0.2], [1, 3])) // [1]
 * ```
 */
export const argMax = (x: Tensor, axis = -1): Tensor<Axes, 'int32'> => {
  const [along] = resolve(x, axis)
  return runKernel<Axes, 'int32'>('ArgMax', { x }, { axis: along })
}

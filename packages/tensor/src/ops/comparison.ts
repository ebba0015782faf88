import { differentiable } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import type { Axes, AxesIn, Broadcast, Checked, DataType } from '../tensor/axes.js'
import type { AnyTensor, Tensor } from '../tensor/tensor.js'
import { runKernel } from '../tensor/upstream.js'
import { scalar } from './creation.js'
import { multiply } from './arithmetic.js'
import { checkBroadcast, shapeOf } from './shape.js'

/** A comparison of two tensors, or of a tensor with a number, element by element. It has no gradient. */
export interface Comparison<Name extends string> {
  /** Compares every element with a number. */
  <A extends Axes>(left: Tensor<A, DataType>, right: number): Tensor<A, 'bool'>
  /** Compares elements of two tensors, which broadcast against each other. */
  <A extends Axes, B extends Axes>(left: Tensor<A, DataType>, right: Tensor<B, DataType> & Checked<Broadcast<Name, A, B>>): Tensor<AxesIn<Broadcast<Name, A, B>>, 'bool'>
}

const comparison =
  <Name extends string>(name: Name, kernel: string): Comparison<Name> =>
  (left: AnyTensor, right: AnyTensor | number) => {
    const other = typeof right === 'number' ? cast(scalar(right), left.dtype) : right
    checkBroadcast(name, shapeOf(left), shapeOf(other))
    return runKernel<never, 'bool'>(kernel, { a: left, b: other })
  }

/**
 * Whether elements are equal.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { equal, tensor } from '@transferkit/tensor'
 *
 * const same = equal(tensor([1, 2], [2]), tensor([1, 3], [2])) // [true, false]
 * ```
 */
export const equal: Comparison<'equal'> = comparison('equal', 'Equal')

/**
 * Whether elements of the first are greater than those of the second.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { greater, tensor } from '@transferkit/tensor'
 *
 * const positive = greater(tensor([-1, 2], [2]), 0) // [false, true]
 * ```
 */
export const greater: Comparison<'greater'> = comparison('greater', 'Greater')

/**
 * Whether elements of the first are greater than or equal to those of the second.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { greaterOrEqual, tensor } from '@transferkit/tensor'
 *
 * const enough = greaterOrEqual(tensor([1, 2], [2]), 2) // [false, true]
 * ```
 */
export const greaterOrEqual: Comparison<'greaterOrEqual'> = comparison('greaterOrEqual', 'GreaterEqual')

/**
 * Whether elements of the first are less than those of the second.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { less, tensor } from '@transferkit/tensor'
 *
 * const negative = less(tensor([-1, 2], [2]), 0) // [true, false]
 * ```
 */
export const less: Comparison<'less'> = comparison('less', 'Less')

/**
 * Whether both of two booleans hold, element by element.
 *
 * @param left Booleans.
 * @param right Booleans of the same shape.
 *
 * @example
 * ```ts
 * import { booleanTensor, logicalAnd } from '@transferkit/tensor'
 *
 * const both = logicalAnd(booleanTensor([1, 1], [2]), booleanTensor([1, 0], [2])) // [true, false]
 * ```
 */
export const logicalAnd = <A extends Axes>(left: Tensor<A, 'bool'>, right: Tensor<A, 'bool'>): Tensor<A, 'bool'> => runKernel<A, 'bool'>('LogicalAnd', { a: left, b: right })

/**
 * Whether a boolean does not hold, element by element.
 *
 * @param x Booleans.
 *
 * @example
 * ```ts
 * import { booleanTensor, logicalNot } from '@transferkit/tensor'
 *
 * const unlabelled = logicalNot(booleanTensor([1, 0], [2])) // [false, true]
 * ```
 */
export const logicalNot = <A extends Axes>(x: Tensor<A, 'bool'>): Tensor<A, 'bool'> => runKernel<A, 'bool'>('LogicalNot', { x })

/**
 * The same values in another element type. Booleans become 0 and 1. A gradient flows only from `float32` to `float32`.
 *
 * @param x A tensor.
 * @param dtype The new element type.
 *
 * @example
 * ```ts
 * import { cast, integerTensor } from '@transferkit/tensor'
 *
 * const numbers = cast(integerTensor([1, 2], [2]), 'float32')
 * ```
 */
export const cast = <A extends Axes, D extends DataType>(x: Tensor<A, DataType>, dtype: D): Tensor<A, D> =>
  x.dtype === dtype
    ? differentiable([x], () => runKernel<A, D>('Identity', { x }), (gradient) => [gradient])
    : runKernel<A, D>('Cast', { x }, { dtype })

/**
 * Elements of one tensor where a condition holds and of another where it does not.
 *
 * @param condition Booleans.
 * @param whenTrue Elements to take where the condition holds.
 * @param whenFalse Elements to take elsewhere.
 * @throws TransferkitError `shape/where` when the three shapes differ: nothing broadcasts here.
 *
 * @example
 * ```ts
 * import { greater, tensor, where, zerosLike } from '@transferkit/tensor'
 *
 * const x = tensor([-1, 2], [2])
 * const rectified = where(greater(x, 0), x, zerosLike(x))
 * ```
 */
export const where = <A extends Axes>(condition: Tensor<A, 'bool'>, whenTrue: Tensor<A>, whenFalse: Tensor<A>): Tensor<A> => {
  const shapes = [condition, whenTrue, whenFalse].map((part) => String(part.shape))
  if (new Set(shapes).size > 1) {
    throw new TransferkitError('shape/where', `where: shapes [${shapes.join('], [')}] of the condition and both choices must be equal; use broadcastTo first.`)
  }
  return differentiable(
    [whenTrue, whenFalse],
    () => runKernel<A>('Select', { condition, t: whenTrue, e: whenFalse }),
    (gradient, [wantsTrue, wantsFalse]) => [
      wantsTrue === true ? multiply(gradient, cast<Axes, 'float32'>(condition, 'float32')) : undefined,
      wantsFalse === true ? multiply(gradient, cast<Axes, 'float32'>(logicalNot(condition), 'float32')) : undefined,
    ],
  )
}

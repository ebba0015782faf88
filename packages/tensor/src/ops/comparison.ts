import { differentiable } from '../autodiff/tape.js'
import type { Axes, AxesIn, Broadcast, Checked, DataType } from '../tensor/axes.js'
import type { AnyTensor, Tensor } from '../tensor/tensor.js'
import { runKernel } from '../tensor/upstream.js'
import { scalar } from './creation.js'
import { multiply } from './arithmetic.js'

/** A comparison of two tensors, or of a tensor with a number, element by element. It has no gradient. */
export interface Comparison<Name extends string> {
  /** Compares every element with a number. */
  <A extends Axes>(left: Tensor<A, DataType>, right: number): Tensor<A, 'bool'>
  /** Compares elements of two tensors, which broadcast against each other. */
  <A extends Axes, B extends Axes>(left: Tensor<A, DataType>, right: Tensor<B, DataType> & Checked<Broadcast<Name, A, B>>): Tensor<AxesIn<Broadcast<Name, A, B>>, 'bool'>
}

const comparison =
  <Name extends string>(kernel: string): Comparison<Name> =>
  (left: AnyTensor, right: AnyTensor | number) => {
    const other = typeof right === 'number' ? cast(scalar(right), left.dtype) : right
    return runKernel<never, 'bool'>(kernel, { a: left, b: other })
  }

/** Whether elements are equal. */
export const equal: Comparison<'equal'> = comparison('Equal')

/** Whether elements of the first are greater than those of the second. */
export const greater: Comparison<'greater'> = comparison('Greater')

/** Whether elements of the first are greater than or equal to those of the second. */
export const greaterOrEqual: Comparison<'greaterOrEqual'> = comparison('GreaterEqual')

/** Whether elements of the first are less than those of the second. */
export const less: Comparison<'less'> = comparison('Less')

/** Whether both of two booleans hold, element by element. */
export const logicalAnd = <A extends Axes>(left: Tensor<A, 'bool'>, right: Tensor<A, 'bool'>): Tensor<A, 'bool'> => runKernel<A, 'bool'>('LogicalAnd', { a: left, b: right })

/** Whether a boolean does not hold, element by element. */
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
 *
 * @example
 * ```ts
 * import { greater, tensor, where, zerosLike } from '@transferkit/tensor'
 *
 * const x = tensor([-1, 2], [2])
 * const rectified = where(greater(x, 0), x, zerosLike(x))
 * ```
 */
export const where = <A extends Axes>(condition: Tensor<A, 'bool'>, whenTrue: Tensor<A>, whenFalse: Tensor<A>): Tensor<A> =>
  differentiable(
    [whenTrue, whenFalse],
    () => runKernel<A>('Select', { condition, t: whenTrue, e: whenFalse }),
    (gradient, [wantsTrue, wantsFalse]) => [
      wantsTrue === true ? multiply(gradient, cast<Axes, 'float32'>(condition, 'float32')) : undefined,
      wantsFalse === true ? multiply(gradient, cast<Axes, 'float32'>(logicalNot(condition), 'float32')) : undefined,
    ],
  )

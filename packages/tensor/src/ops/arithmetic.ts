import { differentiable } from '../autodiff/tape.js'
import type { Axes, AxesIn, Broadcast, Checked } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { runKernel } from '../tensor/upstream.js'
import { cast, greater, greaterOrEqual, less } from './comparison.js'
import { scalar } from './creation.js'
import { checkBroadcast, shapeOf, sumTo } from './shape.js'

/**
 * An op on two tensors, or on a tensor and a number, element by element.
 *
 * Shapes broadcast: axes are paired from the last to the first, and two paired axes are equal or one of them has size 1.
 */
export interface BinaryOp<Name extends string> {
  /** A tensor and a number. */
  <A extends Axes>(left: Tensor<A>, right: number): Tensor<A>
  /** A number and a tensor. */
  <B extends Axes>(left: number, right: Tensor<B>): Tensor<B>
  /** Two tensors of the same axes. */
  <A extends Axes>(left: Tensor<A>, right: Tensor<A>): Tensor<A>
  /** Two tensors that broadcast. */
  <A extends Axes, B extends Axes>(left: Tensor<A>, right: Tensor<B> & Checked<Broadcast<Name, A, B>>): Tensor<AxesIn<Broadcast<Name, A, B>>>
}

/** Gradients of a binary op before they are summed to the shapes of its arguments. */
type BinaryPullback = (gradient: Tensor, left: Tensor, right: Tensor, output: Tensor) => readonly [() => Tensor, () => Tensor]

const noValues = (): readonly Tensor[] => []
const bothSides = (left: Tensor, right: Tensor): readonly Tensor[] => [left, right]

/** `needs` are the tensors whose values the pull-back uses. */
const binary =
  <Name extends string>(name: Name, kernel: string, needs: (left: Tensor, right: Tensor, output: Tensor) => readonly Tensor[], pullback: BinaryPullback): BinaryOp<Name> =>
  (first: Tensor | number, second: Tensor | number) => {
    const left = typeof first === 'number' ? scalar(first) : first
    const right = typeof second === 'number' ? scalar(second) : second
    checkBroadcast(name, shapeOf(left), shapeOf(right))
    const output = differentiable(
      [left, right],
      () => runKernel(kernel, { a: left, b: right }),
      (gradient, [wantsLeft, wantsRight], output) => {
        const [leftGradient, rightGradient] = pullback(gradient, left, right, output)
        return [
          wantsLeft === true ? sumTo(leftGradient(), shapeOf(left)) : undefined,
          wantsRight === true ? sumTo(rightGradient(), shapeOf(right)) : undefined,
        ]
      },
      (output) => needs(left, right, output),
    )
    // The overloads state the axes.
    return output as unknown as Tensor<never>
  }

/**
 * Sum of two tensors, `left + right`, element by element.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { add, tensor } from '@transferkit/tensor'
 * 
 * const shifted = add(tensor([1, 2, 3, 4], [2, 2]), tensor([10, 20], [2])) // [[11, 22], [13, 24]]
 * ```
 */
export const add: BinaryOp<'add'> = binary('add', 'Add', noValues, (gradient) => [() => gradient, () => gradient])

/**
 * Difference of two tensors, `left - right`, element by element.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { subtract, tensor } from '@transferkit/tensor'
 * 
 * const rest = subtract(1, tensor([0.25, 1], [2])) // [0.75, 0]
 * ```
 */
export const subtract: BinaryOp<'subtract'> = binary('subtract', 'Sub', noValues, (gradient) => [() => gradient, () => negate(gradient)])

/**
 * Product of two tensors, `left · right`, element by element.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { multiply, tensor } from '@transferkit/tensor'
 * 
 * const tripled = multiply(tensor([1, 2], [2]), 3) // [3, 6]
 * ```
 */
export const multiply: BinaryOp<'multiply'> = binary('multiply', 'Multiply', bothSides, (gradient, left, right) => [() => multiply(gradient, right), () => multiply(gradient, left)])

/**
 * Quotient of two tensors, `left / right`, element by element.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { divide, tensor } from '@transferkit/tensor'
 * 
 * const quarters = divide(tensor([1, 2], [2]), 4) // [0.25, 0.5]
 * ```
 */
export const divide: BinaryOp<'divide'> = binary('divide', 'RealDiv', (_left, right, output) => [right, output], (gradient, _left, right, output) => [
  () => divide(gradient, right),
  () => negate(multiply(gradient, divide(output, right))),
])

/**
 * The larger of two elements. Where they are equal, the gradient goes to the first.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { maximum, tensor } from '@transferkit/tensor'
 * 
 * const larger = maximum(tensor([-1, 2], [2]), 0) // [0, 2]
 * ```
 */
export const maximum: BinaryOp<'maximum'> = binary('maximum', 'Maximum', bothSides, (gradient, left, right) => [
  () => multiply(gradient, cast(greaterOrEqual(left, right), 'float32')),
  () => multiply(gradient, cast(less(left, right), 'float32')),
])

/**
 * The smaller of two elements. Where they are equal, the gradient goes to the first.
 *
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { minimum, tensor } from '@transferkit/tensor'
 * 
 * const smaller = minimum(tensor([-1, 2], [2]), 0) // [-1, 0]
 * ```
 */
export const minimum: BinaryOp<'minimum'> = binary('minimum', 'Minimum', bothSides, (gradient, left, right) => [
  () => multiply(gradient, cast(greaterOrEqual(right, left), 'float32')),
  () => multiply(gradient, cast(greater(left, right), 'float32')),
])

/**
 * The value with its sign changed.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { negate, tensor } from '@transferkit/tensor'
 *
 * const below = negate(tensor([1, 2], [2]))
 * ```
 */
export const negate = <A extends Axes>(x: Tensor<A>): Tensor<A> =>
  differentiable([x], () => runKernel<A>('Neg', { x }), (gradient) => [negate(gradient)], noValues)

/**
 * The square, `x²`.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { square, tensor } from '@transferkit/tensor'
 *
 * const squares = square(tensor([1, 2], [2]))
 * ```
 */
export const square = <A extends Axes>(x: Tensor<A>): Tensor<A> =>
  differentiable([x], () => runKernel<A>('Square', { x }), (gradient) => [multiply(multiply<Axes, Axes>(gradient, x), 2)], () => [x])

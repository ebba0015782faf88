import { differentiable } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import type { Axes, AxesIn, Checked, MatMulAxes } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { runKernel } from '../tensor/upstream.js'
import { checkBroadcast, shapeOf, sumTo } from './shape.js'

const product = (left: Tensor, right: Tensor, transposeLeft: boolean, transposeRight: boolean): Tensor =>
  differentiable(
    [left, right],
    () => runKernel<Axes>('BatchMatMul', { a: left, b: right }, { transposeA: transposeLeft, transposeB: transposeRight }),
    (gradient, [wantsLeft, wantsRight]) => [
      wantsLeft === true
        ? sumTo(transposeLeft ? product(right, gradient, transposeRight, true) : product(gradient, right, false, !transposeRight), shapeOf(left))
        : undefined,
      wantsRight === true
        ? sumTo(transposeRight ? product(gradient, left, true, transposeLeft) : product(left, gradient, !transposeLeft, false), shapeOf(right))
        : undefined,
    ],
    () => [left, right],
  )

/**
 * Product of two matrices, or of two stacks of matrices whose outer axes broadcast.
 *
 * @param left `[..., rows, inner]`.
 * @param right `[..., inner, columns]`.
 * @returns `[..., rows, columns]`.
 * @throws TransferkitError `shape/mat-mul` when the inner sizes differ or a tensor has fewer than two axes; `shape/broadcast` when the outer axes do not fit.
 *
 * @example
 * ```ts
 * import { matMul, tensor } from '@transferkit/tensor'
 *
 * const product = matMul(tensor([1, 2], [1, 2]), tensor([3, 4], [2, 1])) // [[11]]
 * ```
 */
export const matMul = <A extends Axes, B extends Axes>(
  left: Tensor<A>,
  right: Tensor<B> & Checked<MatMulAxes<A, B>>,
): Tensor<AxesIn<MatMulAxes<A, B>>> => {
  const [a, b] = [shapeOf(left), shapeOf(right)]
  if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2)) {
    throw new TransferkitError('shape/mat-mul', `matMul: [${String(a)}] does not fit [${String(b)}]; the last size of the first must be the last but one of the second.`)
  }
  checkBroadcast('matMul', a.slice(0, -2), b.slice(0, -2))
  // The type arithmetic above is that of a matrix product.
  return product(left, right, false, false) as unknown as Tensor<AxesIn<MatMulAxes<A, B>>>
}

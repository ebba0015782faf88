import { differentiable, withoutRecording } from '../autodiff/tape.js'
import { scope } from '../memory/scope.js'
import type { Axes } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { add, multiply, subtract } from './arithmetic.js'
import { shapeOf, sumTo } from './shape.js'

// Not `b + o ⊙ (a - b)`: this form gives exactly `a` at `o = 1` and exactly `b` at `o = 0`.
const form = (opening: Tensor, whenOpen: Tensor, whenClosed: Tensor): Tensor => add(multiply(opening, whenOpen), multiply(subtract(1, opening), whenClosed))

/**
 * Mixes two tensors, `o ⊙ a + (1 - o) ⊙ b`, element by element: exactly `a` at `o = 1` and exactly `b` at `o = 0`.
 *
 * For the backward pass it keeps its three inputs alone, not the products.
 *
 * @param opening `o`, from 0 to 1; it broadcasts to the others.
 * @param whenOpen `a`.
 * @param whenClosed `b`.
 * @throws TransferkitError `shape/broadcast` when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { mix, tensor } from '@transferkit/tensor'
 *
 * const mixed = mix(tensor([0, 0.5, 1], [3]), tensor([1, 2, 3], [3]), tensor([5, 6, 7], [3])) // [5, 4, 3]
 * ```
 */
export const mix = <A extends Axes>(opening: Tensor, whenOpen: Tensor<A>, whenClosed: Tensor<A>): Tensor<A> => {
  const [o, a, b]: readonly [Tensor, Tensor, Tensor] = [opening, whenOpen, whenClosed]
  const mixed = differentiable(
    [o, a, b],
    () => withoutRecording(() => scope(() => form(o, a, b))),
    (gradient, [wantsOpening, wantsOpen, wantsClosed]) => [
      wantsOpening === true ? subtract(sumTo(multiply(gradient, a), shapeOf(o)), sumTo(multiply(gradient, b), shapeOf(o))) : undefined,
      wantsOpen === true ? sumTo(multiply(gradient, o), shapeOf(a)) : undefined,
      wantsClosed === true ? sumTo(multiply(gradient, subtract(1, o)), shapeOf(b)) : undefined,
    ],
    () => [o, a, b],
  )
  // The mixture has the axes of what is mixed.
  return mixed as unknown as Tensor<A>
}

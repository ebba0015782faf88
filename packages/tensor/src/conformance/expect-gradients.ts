import { valueAndGrad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { tensor } from '../ops/creation.js'
import { readSync } from '../tensor/read.js'
import type { Scalar, Tensor } from '../tensor/tensor.js'
import { flattenTree, mapTree, type TensorTree } from '../tree/tree.js'
import { breach } from './property.js'

/** What is allowed between gradient and difference, of the norm of the gradient. */
const tolerance = 0.03

const squaredNorm = (values: Float32Array): number => values.reduce((total, value) => total + value * value, 0)

/** Moves one tensor along its gradient, or along ones where that is 0, and compares the slope of the loss. */
const checkAlong = (path: string, gradient: Float32Array, whole: number, params: TensorTree, lossAt: (params: TensorTree) => number): void => {
  const norm = Math.sqrt(squaredNorm(gradient))
  const isFlat = norm < 1e-4 * whole
  const direction = gradient.map((value) => (isFlat ? 1 / Math.sqrt(gradient.length) : value / norm))
  const moved = (distance: number): TensorTree =>
    mapTree(params, (leaf, at) => (at === path ? tensor(readSync(leaf).map((value, index) => value + distance * (direction[index] ?? 0)), leaf.shape) : leaf))
  const slope = (step: number): number => scope(() => (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step))
  const expected = isFlat ? gradient.reduce((total, value, index) => total + value * (direction[index] ?? 0), 0) : norm
  // A step may cross the kink of a rectifier; a shorter one then does not.
  const found = [1e-2, 3e-3, 1e-3].map(slope)
  const closest = Math.min(...found.map((value) => Math.abs(value - expected)))
  if (!(closest <= tolerance * Math.max(norm, 0.02 * whole))) {
    breach({
      where: `the gradient of '${path}'`,
      expected: `a slope of ${found.map((value) => value.toPrecision(3)).join(', ')} along it, which is how the loss changes in steps of 0.01, 0.003, 0.001`,
      found: expected.toPrecision(3),
      advice: 'Look for stopGradient, for values that are read to the host and put back, and for a gradient of your own that forgets a factor.',
    })
  }
}

/**
 * Compares the gradient of a loss with central differences, tensor by tensor: each is moved along its own gradient, or along ones where that is 0.
 *
 * For a tensor `θ_j` with gradient `g_j`, `(L(θ_j + ε g_j/‖g_j‖) - L(θ_j - ε g_j/‖g_j‖)) / 2ε` has to be `‖g_j‖`, to 3 % of the larger of `‖g_j‖` and a fiftieth of
 * the norm of the whole gradient, for one of three steps `ε`.
 *
 * @param loss A deterministic function of a tree of parameters.
 * @param params Where to check.
 * @throws TransferkitError `conformance/breach` that names the tensor.
 *
 * @example
 * ```ts
 * import { scope, square, sum, type Tensor, tensor, type TensorTree } from '@transferkit/tensor'
 * import { expectGradients } from '@transferkit/tensor/conformance'
 *
 * scope(() => expectGradients((params: TensorTree) => sum(square((params as { x: Tensor }).x)), { x: tensor([1, 2], [2]) }))
 * ```
 */
export const expectGradients = (loss: (params: TensorTree) => Scalar, params: TensorTree): void => {
  scope(() => {
    const { gradient } = valueAndGrad(loss)(params)
    const all = flattenTree<Tensor>(gradient).map(({ path, leaf }) => ({ path, values: readSync(leaf).slice() }))
    const whole = Math.sqrt(all.reduce((total, { values }) => total + squaredNorm(values), 0))
    for (const { path, values } of all) checkAlong(path, values, whole, params, (moved) => readSync(loss(moved))[0] ?? Number.NaN)
  })
}

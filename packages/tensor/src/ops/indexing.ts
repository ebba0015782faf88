import { differentiable } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { acceleratedKernels, type DropoutMaskAttributes } from '../kernels/accelerated.js'
import { uniformArray } from '../random/host.js'
import type { Key } from '../random/key.js'
import type { Axes } from '../tensor/axes.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernel } from '../tensor/upstream.js'
import { multiply } from './arithmetic.js'
import { drawn } from './creation.js'
import { reverse, shapeOf } from './shape.js'

/**
 * One-hot vectors: 1 at the given class, 0 elsewhere. It has no gradient.
 *
 * @param indices Classes; one outside the range gives a vector of zeros.
 * @param classes Number of classes.
 *
 * @example
 * ```ts
 * import { integerTensor, oneHot } from '@transferkit/tensor'
 *
 * const targets = oneHot(integerTensor([2, 0], [2]), 3) // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export const oneHot = <A extends Axes>(indices: Tensor<A, 'int32'>, classes: number): Tensor<[...A, 'class']> =>
  runKernel<[...A, 'class']>('OneHot', { indices }, { depth: classes, onValue: 1, offValue: 0, dtype: 'float32' })

const scatterRows = (rows: Tensor, indices: Tensor<Axes, 'int32'>, shape: Shape): Tensor =>
  differentiable(
    [rows],
    () => {
      if (hasKernel(acceleratedKernels.scatterRows)) return runKernel<Axes>(acceleratedKernels.scatterRows, { rows, indices }, { tableShape: shape })
      const [, ...rest] = shape
      const updates = runKernel('Reshape', { x: rows }, { shape: [indices.size, ...rest] })
      const places = runKernel<Axes, 'int32'>('Reshape', { x: indices }, { shape: [indices.size, 1] })
      return runKernel<Axes>('ScatterNd', { indices: places, updates }, { shape: [...shape] })
    },
    (gradient) => [gather(gradient, indices)],
  )

/**
 * Rows of a table: `output[i, ...] = table[indices[i], ...]`, for example word vectors.
 *
 * @param table Rows along the first axis.
 * @param indices Which rows, in any shape, each at least 0 and below the number of rows.
 * @returns Shape of `indices`, then the shape of a row.
 *
 * @example
 * ```ts
 * import { gather, integerTensor, tensor } from '@transferkit/tensor'
 *
 * const rows = gather(tensor([1, 2, 3, 4], [2, 2]), integerTensor([1, 1, 0], [3]))
 * ```
 */
export const gather = (table: Tensor, indices: Tensor<Axes, 'int32'>): Tensor =>
  differentiable(
    [table],
    () =>
      hasKernel(acceleratedKernels.gatherRows)
        ? runKernel<Axes>(acceleratedKernels.gatherRows, { table, indices })
        : runKernel<Axes>('GatherV2', { x: table, indices }, { axis: 0, batchDims: 0 }),
    (gradient) => [scatterRows(gradient, indices, shapeOf(table))],
  )

/**
 * Sums of the elements up to each position along an axis.
 *
 * @param x A tensor.
 * @param axis The axis to sum along, the last unless told.
 *
 * @example
 * ```ts
 * import { cumulativeSum, tensor } from '@transferkit/tensor'
 *
 * const totals = cumulativeSum(tensor([1, 2, 3], [3])) // [1, 3, 6]
 * ```
 */
export const cumulativeSum = <A extends Axes>(x: Tensor<A>, axis = -1): Tensor<A> => {
  const along = axis < 0 ? axis + x.rank : axis
  return differentiable([x], () => runKernel<A>('Cumsum', { x }, { axis: along, exclusive: false, reverse: false }), (gradient) => [
    reverse(cumulativeSum(reverse(gradient, [along]), along), [along]),
  ])
}

/** What {@link dropout} drops together. */
export interface DropoutOptions {
  /** Probability that an element is dropped, at least 0 and below 1. */
  readonly rate: number
  /** Whether whole channels of an image are dropped instead of single elements; false unless told. */
  readonly spatial?: boolean
}

const dropoutMask = (key: Key, shape: Shape, rate: number): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1)
  const draw = (from: Key): Float32Array => uniformArray(from, count).map((value) => (value < rate ? 0 : 1 / (1 - rate)))
  const attributes: DropoutMaskAttributes = { key, shape, draw, rate }
  return hasKernel(acceleratedKernels.dropoutMask) ? runKernel(acceleratedKernels.dropoutMask, {}, attributes) : drawn(key, shape, draw)
}

/**
 * Dropout: elements become 0 with a probability of `rate`, the others are divided by `1 - rate`, so that the mean stays.
 *
 * @param x Activations.
 * @param key Source of randomness; the same key drops the same elements.
 * @param options How much to drop, and whether by channel.
 * @throws TransferkitError `dropout/rate` when the rate is not at least 0 and below 1.
 *
 * @example
 * ```ts
 * import { dropout, ones, randomKey } from '@transferkit/tensor'
 *
 * const thinned = dropout(ones([4, 8]), randomKey(1), { rate: 0.5 })
 * ```
 */
export const dropout = <A extends Axes>(x: Tensor<A>, key: Key, { rate, spatial = false }: DropoutOptions): Tensor<A> => {
  if (!(rate >= 0 && rate < 1)) throw new TransferkitError('dropout/rate', `A dropout rate is at least 0 and below 1, not ${rate}.`)
  const shape = spatial ? x.shape.map((size, axis) => (axis === 0 || axis === x.rank - 1 ? size : 1)) : shapeOf(x)
  // The mask broadcasts to `x`.
  return multiply(x as Tensor, dropoutMask(key, shape, rate)) as unknown as Tensor<A>
}

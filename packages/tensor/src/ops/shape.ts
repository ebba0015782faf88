import { TransferkitError } from '../error.js'
import { differentiable, differentiableMany } from '../autodiff/tape.js'
import type { Axes, DataType } from '../tensor/axes.js'
import type { AnyTensor, Shape, Tensor } from '../tensor/tensor.js'
import { runKernel, runKernels } from '../tensor/upstream.js'
import { sum } from './reduction.js'

/** Gives a tensor its axes where the code above has made sure of them. */
const as = <A extends Axes, D extends DataType = 'float32'>(tensor: AnyTensor): Tensor<A, D> =>
  // Called with axes that the op's definition gives.
  tensor as unknown as Tensor<A, D>

/**
 * Sizes of a tensor of any axes as plain numbers.
 *
 * @param tensor Any tensor.
 *
 * @example
 * ```ts
 * import { ones, shapeOf } from '@transferkit/tensor'
 *
 * shapeOf(ones([2, 3])) // [2, 3]
 * ```
 */
export const shapeOf = (tensor: AnyTensor): Shape => tensor.shape

/**
 * Another tensor of the same value.
 *
 * @param x Any tensor.
 *
 * @example
 * ```ts
 * import { identity, tensor } from '@transferkit/tensor'
 *
 * const copy = identity(tensor([1, 2], [2]))
 * ```
 */
export const identity = <A extends Axes, D extends DataType>(x: Tensor<A, D>): Tensor<A, D> =>
  differentiable([x], () => runKernel<A, D>('Identity', { x }), (gradient) => [gradient])

/**
 * The value as a constant: no gradient flows through it.
 *
 * @param x Any tensor.
 *
 * @example
 * ```ts
 * import { stopGradient, tensor } from '@transferkit/tensor'
 *
 * const target = stopGradient(tensor([1, 2], [2]))
 * ```
 */
export const stopGradient = <A extends Axes, D extends DataType>(x: Tensor<A, D>): Tensor<A, D> => runKernel<A, D>('Identity', { x })

/**
 * The same elements in another shape.
 *
 * @param x A tensor.
 * @param shape The new sizes; one of them may be -1 and is computed from the others.
 * @throws TransferkitError `shape/reshape` when the number of elements differs.
 *
 * @example
 * ```ts
 * import { reshape, tensor } from '@transferkit/tensor'
 *
 * const rows = reshape(tensor([1, 2, 3, 4], [4]), [2, -1])
 * ```
 */
export const reshape = <const A extends readonly number[], D extends DataType>(x: Tensor<Axes, D>, shape: A): Tensor<WithoutWildcard<A>, D> => {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
  const resolved = shape.map((size) => (size === -1 ? x.size / known : size))
  if (resolved.reduce((product, size) => product * size, 1) !== x.size || !resolved.every(Number.isInteger)) {
    throw new TransferkitError('shape/reshape', `reshape: [${String(x.shape)}] has ${x.size} elements, which do not fill [${String(shape)}].`)
  }
  return differentiable(
    [x],
    () => runKernel<WithoutWildcard<A>, D>('Reshape', { x }, { shape: resolved }),
    (gradient) => [reshape(gradient, shapeOf(x))],
    () => [],
  )
}

/** Sizes given to {@link reshape}, where -1 stands for a size that is computed. */
export type WithoutWildcard<A extends readonly number[]> = { readonly [I in keyof A]: A[I] extends -1 ? number : A[I] }

/**
 * Axes in another order.
 *
 * @param x A tensor.
 * @param order For each axis of the result, which axis of `x` it is.
 * @throws TransferkitError `shape/transpose` when the order does not name each axis once.
 *
 * @example
 * ```ts
 * import { tensor, transpose } from '@transferkit/tensor'
 *
 * const columns = transpose(tensor([1, 2, 3, 4], [2, 2]), [1, 0])
 * ```
 */
export const transpose = <A extends Axes, D extends DataType, const O extends readonly number[]>(
  x: Tensor<A, D>,
  order: O,
): Tensor<PermutedAxes<A, O>, D> => {
  if (order.length !== x.rank || !order.every((_, axis) => order.includes(axis))) {
    throw new TransferkitError('shape/transpose', `transpose: the order [${String(order)}] does not name each axis of a tensor of shape [${String(x.shape)}] once.`)
  }
  return differentiable(
    [x],
    () => runKernel<PermutedAxes<A, O>, D>('Transpose', { x }, { perm: [...order] }),
    (gradient) => [transpose(gradient, order.map((_, axis) => order.indexOf(axis)))],
  )
}

/** Axes of a tensor after {@link transpose}. */
export type PermutedAxes<A extends Axes, O extends readonly number[]> = number extends A['length'] | O['length']
  ? Axes
  : { readonly [I in keyof O]: O[I] extends keyof A ? (A[O[I]] extends string | number ? A[O[I]] : number) : number }

/**
 * A block of a tensor.
 *
 * @param x A tensor.
 * @param begin First position, one an axis.
 * @param size Number of positions, one an axis; -1 means all that are left.
 * @throws TransferkitError `shape/slice` when the block reaches outside the tensor.
 *
 * @example
 * ```ts
 * import { slice, tensor } from '@transferkit/tensor'
 *
 * const middle = slice(tensor([1, 2, 3, 4], [4]), [1], [2]) // [2, 3]
 * ```
 */
export const slice = <D extends DataType>(x: Tensor<Axes, D>, begin: readonly number[], size: readonly number[]): Tensor<Axes, D> => {
  const sizes = x.shape.map((whole, axis) => {
    const [first, count] = [begin[axis] ?? 0, size[axis] ?? -1]
    const taken = count === -1 ? whole - first : count
    if (first < 0 || taken < 0 || first + taken > whole) {
      throw new TransferkitError('shape/slice', `slice: positions ${first} to ${first + taken - 1} of axis ${axis} are outside a tensor of shape [${String(x.shape)}].`)
    }
    return taken
  })
  const starts = x.shape.map((_, axis) => begin[axis] ?? 0)
  return differentiable(
    [x],
    () => runKernel<Axes, D>('Slice', { x }, { begin: starts, size: sizes }),
    (gradient) => [
      pad(gradient, x.shape.map((whole, axis) => [starts[axis] ?? 0, whole - (starts[axis] ?? 0) - (sizes[axis] ?? 0)] as const)),
    ],
  )
}

/**
 * A tensor with a border of constants.
 *
 * @param x A tensor.
 * @param paddings How much to add before and after, one pair an axis.
 * @param value The constant, 0 unless told.
 * @throws TransferkitError `shape/pad` when there is not one pair an axis, or a number is negative.
 *
 * @example
 * ```ts
 * import { pad, tensor } from '@transferkit/tensor'
 *
 * const padded = pad(tensor([1, 2], [2]), [[1, 0]]) // [0, 1, 2]
 * ```
 */
export const pad = (x: Tensor, paddings: readonly (readonly [number, number])[], value = 0): Tensor => {
  if (paddings.length !== x.rank || paddings.some(([before, after]) => before < 0 || after < 0)) {
    throw new TransferkitError('shape/pad', `pad: [${paddings.map((pair) => `[${String(pair)}]`).join(', ')}] is not one pair of sizes for each axis of a tensor of shape [${String(x.shape)}].`)
  }
  return differentiable(
    [x],
    () => runKernel<Axes>('PadV2', { x }, { paddings: paddings.map((pair) => [...pair]), constantValue: value }),
    (gradient) => [slice(gradient, paddings.map(([before]) => before), shapeOf(x))],
  )
}

/**
 * Tensors side by side along an existing axis.
 *
 * @param tensors At least one tensor; all sizes but that of `axis` are equal.
 * @param axis The axis to join, counted from the last when negative.
 * @throws TransferkitError `shape/concat` when another axis differs.
 *
 * @example
 * ```ts
 * import { concat, tensor } from '@transferkit/tensor'
 *
 * const joined = concat([tensor([1, 2], [2]), tensor([3], [1])], 0)
 * ```
 */
export const concat = <D extends DataType>(tensors: readonly [Tensor<Axes, D>, ...Tensor<Axes, D>[]], axis: number): Tensor<Axes, D> => {
  const [first] = tensors
  const along = axis < 0 ? axis + first.rank : axis
  for (const { shape } of tensors) {
    if (shape.length !== first.rank || shape.some((size, index) => index !== along && size !== first.shape[index])) {
      throw new TransferkitError('shape/concat', `concat: [${String(shape)}] does not fit beside [${String(first.shape)}] along axis ${axis}; all other axes must be equal.`)
    }
  }
  if (tensors.length === 1) return identity(first)
  return differentiable(
    tensors,
    () => runKernel<Axes, D>('Concat', tensors, { axis: along }),
    (gradient, wanted) => {
      let start = 0
      return tensors.map((part, index) => {
        const begin = part.shape.map((_, position) => (position === along ? start : 0))
        start += part.shape[along] ?? 0
        return wanted[index] === true ? slice(gradient, begin, shapeOf(part)) : undefined
      })
    },
  )
}

/**
 * Tensors of one shape along a new axis.
 *
 * @param tensors At least one tensor.
 * @param axis Where the new axis stands in the result, counted from the last when negative; 0 unless told.
 * @throws TransferkitError `shape/concat` when the shapes differ.
 *
 * @example
 * ```ts
 * import { stack, tensor } from '@transferkit/tensor'
 *
 * const pair = stack([tensor([1, 2], [2]), tensor([3, 4], [2])]) // shape [2, 2]
 * ```
 */
export const stack = <D extends DataType>(tensors: readonly [Tensor<Axes, D>, ...Tensor<Axes, D>[]], axis = 0): Tensor<Axes, D> => {
  const [first, ...others] = tensors
  return concat([expandDimensions(first, axis), ...others.map((tensor) => expandDimensions(tensor, axis))], axis)
}

/**
 * The parts of a tensor along an axis, without that axis: the reverse of {@link stack}.
 *
 * @param x A tensor.
 * @param axis The axis to take apart, 0 unless told.
 *
 * @example
 * ```ts
 * import { tensor, unstack } from '@transferkit/tensor'
 *
 * const [first, second] = unstack(tensor([1, 2, 3, 4], [2, 2]))
 * ```
 */
export const unstack = <D extends DataType>(x: Tensor<Axes, D>, axis = 0): readonly Tensor<Axes, D>[] => {
  const along = axis < 0 ? axis + x.rank : axis
  const outputs = (): readonly Tensor<Axes, D>[] =>
    // Unpack gives parts of the element type of its input.
    runKernels('Unpack', { value: x }, { axis: along }) as unknown as readonly Tensor<Axes, D>[]
  return differentiableMany([x], outputs, (gradients) => {
    const shape = x.shape.filter((_, index) => index !== along)
    const parts = gradients.map((gradient) => gradient ?? constant(shape, 0))
    const [first, ...others] = parts
    return [first && stack([first, ...others], along)]
  })
}

/**
 * A tensor cut along an axis.
 *
 * @param x A tensor.
 * @param sizes Sizes of the parts; together they are the size of the axis.
 * @param axis The axis to cut, counted from the last when negative; the last unless told.
 * @throws TransferkitError `shape/split` when the parts do not fill the axis.
 *
 * @example
 * ```ts
 * import { split, tensor } from '@transferkit/tensor'
 *
 * const [left, right] = split(tensor([1, 2, 3, 4], [4]), [1, 3])
 * ```
 */
export const split = <D extends DataType>(x: Tensor<Axes, D>, sizes: readonly number[], axis = -1): readonly Tensor<Axes, D>[] => {
  const along = axis < 0 ? axis + x.rank : axis
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total !== x.shape[along]) {
    throw new TransferkitError('shape/split', `split: parts of ${sizes.join(' + ')} = ${total} do not fill axis ${axis} of a tensor of shape [${String(x.shape)}].`)
  }
  let start = 0
  return sizes.map((size) => {
    const part = slice(x, x.shape.map((_, index) => (index === along ? start : 0)), x.shape.map((whole, index) => (index === along ? size : whole)))
    start += size
    return part
  })
}

/**
 * A tensor with one more axis, of size 1.
 *
 * @param x A tensor.
 * @param axis Where the new axis stands in the result, counted from the last when negative.
 *
 * @example
 * ```ts
 * import { expandDimensions, tensor } from '@transferkit/tensor'
 *
 * const column = expandDimensions(tensor([1, 2], [2]), -1) // shape [2, 1]
 * ```
 */
export const expandDimensions = <D extends DataType>(x: Tensor<Axes, D>, axis: number): Tensor<Axes, D> => {
  const shape = [...x.shape]
  shape.splice(axis < 0 ? axis + x.rank + 1 : axis, 0, 1)
  return reshape(x, shape)
}

/**
 * A tensor without some of its axes of size 1.
 *
 * @param x A tensor.
 * @param axes Axes to leave out, each of size 1; all of size 1 unless told.
 * @throws TransferkitError `shape/squeeze` when one of them has another size.
 *
 * @example
 * ```ts
 * import { squeeze, tensor } from '@transferkit/tensor'
 *
 * const vector = squeeze(tensor([1, 2], [2, 1]))
 * ```
 */
export const squeeze = <D extends DataType>(x: Tensor<Axes, D>, axes?: readonly number[]): Tensor<Axes, D> => {
  const chosen = axes?.map((axis) => (axis < 0 ? axis + x.rank : axis))
  const wrong = chosen?.find((axis) => x.shape[axis] !== 1)
  if (wrong !== undefined) {
    throw new TransferkitError('shape/squeeze', `squeeze: axis ${wrong} of a tensor of shape [${String(x.shape)}] does not have size 1.`)
  }
  return reshape(x, x.shape.filter((size, axis) => (chosen === undefined ? size !== 1 : !chosen.includes(axis))))
}

/**
 * Copies of a tensor along axes of size 1, or along new axes in front.
 *
 * @param x A tensor.
 * @param shape The new sizes; `x` must broadcast to them.
 * @throws TransferkitError `shape/broadcast` when it does not.
 *
 * @example
 * ```ts
 * import { broadcastTo, tensor } from '@transferkit/tensor'
 *
 * const rows = broadcastTo(tensor([1, 2], [2]), [3, 2])
 * ```
 */
export const broadcastTo = <const A extends readonly number[]>(x: Tensor, shape: A): Tensor<A> => {
  const old = [...Array.from({ length: Math.max(0, shape.length - x.rank) }, () => 1), ...x.shape]
  if (old.length !== shape.length || old.some((size, axis) => size !== 1 && size !== shape[axis])) {
    throw new TransferkitError('shape/broadcast', `broadcastTo: [${String(x.shape)}] does not broadcast to [${String(shape)}].`)
  }
  const widened = reshape(x, old)
  const reps = old.map((size, axis) => (size === 1 ? (shape[axis] ?? 1) : 1))
  if (reps.every((count) => count === 1)) return as<A>(widened)
  return differentiable([widened], () => runKernel<A>('Tile', { x: widened }, { reps }), (gradient) => [
    sumTo(gradient, old),
  ])
}

/**
 * Copies of a tensor side by side.
 *
 * @param x A tensor.
 * @param repetitions How often to repeat, one an axis.
 * @throws TransferkitError `shape/tile` when there is not one number an axis.
 *
 * @example
 * ```ts
 * import { tensor, tile } from '@transferkit/tensor'
 *
 * const twice = tile(tensor([1, 2], [2]), [2]) // [1, 2, 1, 2]
 * ```
 */
export const tile = (x: Tensor, repetitions: readonly number[]): Tensor => {
  if (repetitions.length !== x.rank) {
    throw new TransferkitError('shape/tile', `tile: ${repetitions.length} repetitions for the ${x.rank} axes of a tensor of shape [${String(x.shape)}].`)
  }
  return differentiable([x], () => runKernel('Tile', { x }, { reps: [...repetitions] }), (gradient) => {
    const blocks = x.shape.flatMap((size, axis) => [repetitions[axis] ?? 1, size])
    const repeated = x.shape.map((_, axis) => 2 * axis)
    return [reshape(sum(reshape(gradient, blocks), repeated), shapeOf(x))]
  })
}

/**
 * A tensor with the order of positions turned round along some axes.
 *
 * @param x A tensor.
 * @param axes The axes to turn round.
 *
 * @example
 * ```ts
 * import { reverse, tensor } from '@transferkit/tensor'
 *
 * const backwards = reverse(tensor([1, 2, 3], [3]), [0])
 * ```
 */
export const reverse = <A extends Axes>(x: Tensor<A>, axes: readonly number[]): Tensor<A> =>
  differentiable([x], () => runKernel<A>('Reverse', { x }, { dims: axes.map((axis) => (axis < 0 ? axis + x.rank : axis)) }), (gradient) => [
    reverse(gradient, axes),
  ])

/** Makes sure that two shapes broadcast: paired from the last, sizes are equal or one of them is 1. @internal */
export const checkBroadcast = (name: string, left: Shape, right: Shape): void => {
  for (let back = 1; back <= Math.min(left.length, right.length); back++) {
    const [a, b] = [left.at(-back), right.at(-back)]
    if (a !== b && a !== 1 && b !== 1) {
      throw new TransferkitError('shape/broadcast', `${name}: size ${a} of [${String(left)}] does not fit size ${b} of [${String(right)}]; paired from the last, sizes are equal or one is 1.`)
    }
  }
}

/** Sums a gradient over the axes along which a tensor of this shape was broadcast. @internal */
export const sumTo = (gradient: Tensor, shape: Shape): Tensor => {
  const extra = gradient.rank - shape.length
  const axes = gradient.shape.flatMap((size, axis) => (axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : []))
  const summed = axes.length === 0 ? gradient : sum(gradient, axes)
  return shapeOf(summed).length === shape.length && shapeOf(summed).every((size, axis) => size === shape[axis]) ? summed : reshape(summed, shape)
}

/** A tensor of one repeated number. @internal */
export const constant = (shape: Shape, value: number): Tensor => runKernel('Fill', {}, { shape: [...shape], value, dtype: 'float32' })

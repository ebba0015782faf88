import type { Admitted, Axes, DataType, SizesOf } from './axes.js'

declare const axesOf: unique symbol

/**
 * A tensor whose axes the compiler knows, such as `Tensor<['batch', 10]>`.
 *
 * The type is erased: at run time this is a tensor of TensorFlow.js and nothing more. A more specific tensor can be used where a less specific
 * one is asked for: a size of 10 where `number` or a name is asked for, but not one name for another. The other way round goes through {@link expectAxes}, which checks the value.
 *
 * @typeParam A The axes: names, sizes, or `number` for an unknown size.
 * @typeParam D The element type, `'float32'` unless told.
 */
export interface Tensor<A extends Axes = Axes, D extends DataType = 'float32'> {
  /** Sizes of the axes, outermost first. */
  readonly shape: SizesOf<A>
  /** Element type. */
  readonly dtype: D
  /** Number of axes. */
  readonly rank: number
  /** Number of elements. */
  readonly size: number
  /** Number that no other tensor of this process has. */
  readonly id: number
  /** Carries the axes in the type only; never there at run time. */
  readonly [axesOf]: Admitted<A>
}

/** A tensor of any axes and any element type. */
export type AnyTensor = Tensor<Axes, DataType>

/** A tensor of no axes: one number. */
export type Scalar = Tensor<readonly []>

/** Images or feature maps, channels last. */
export type Images = Tensor<readonly ['batch', 'height', 'width', 'channel']>

/** One vector an example. */
export type Vectors = Tensor<readonly ['batch', 'channel']>

/** One score for each class and example, before the softmax. */
export type Logits = Tensor<readonly ['batch', 'class']>

/** One class an example, as a position in the task's list of classes. */
export type Labels = Tensor<readonly ['batch'], 'int32'>

/** Sizes of the axes of a tensor, outermost first. */
export type Shape = readonly number[]

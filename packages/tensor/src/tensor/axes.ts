/** One axis of a tensor: a name (`'batch'`), a known size (`10`), or `number` where the size is unknown until run time. */
export type Axis = string | number

/** The axes of a tensor, outermost first, such as `['batch', 'height', 'width', 'channel']`. */
export type Axes = readonly Axis[]

/** Element types: 32-bit floating point, 32-bit integers and booleans. */
export type DataType = 'float32' | 'int32' | 'bool'

/** Sizes that belong to a list of axes: a known size stays, a name becomes `number`. */
export type SizesOf<A extends Axes> = { readonly [I in keyof A]: A[I] extends number ? A[I] : number }

/**
 * What a list of axes admits: a size admits only itself, a name admits any size, so that a tensor of known sizes fits where names are asked for.
 *
 * `Admitted<['batch', 10]>` is `['batch' | number, 10]`: `[32, 10]` fits, `[32, 11]` and `['channel', 10]` do not.
 */
export type Admitted<A extends Axes> = { readonly [I in keyof A]: A[I] extends string ? A[I] | number : A[I] }

declare const shapeError: unique symbol

/**
 * A mistake in shapes that the compiler found; the message stands in the type.
 *
 * No value has this type: where a parameter asks for one, the message says what does not fit.
 */
export interface ShapeError<Message extends string> {
  /** What does not fit. */
  readonly [shapeError]: Message
}

/** Turns a {@link ShapeError} into a demand that no argument meets, and anything else into no demand. */
export type Checked<Result> = Result extends ShapeError<string> ? Result : unknown

/** The axes in a result of shape arithmetic; unknown axes where that was an error. */
export type AxesIn<Result> = Result extends Axes ? Result : Axes

/** Two axes that must agree, or `never` when they differ: a known size wins over `number`, and a name over both. */
export type JoinAxis<X extends Axis, Y extends Axis> = [X] extends [Y]
  ? X
  : [Y] extends [X]
    ? Y
    : X extends string
      ? Y extends string
        ? never
        : X
      : Y extends string
        ? Y
        : never

/** Two axes under broadcasting: as {@link JoinAxis}, and a size of 1 fits everything. */
export type BroadcastAxis<X extends Axis, Y extends Axis> = [X] extends [1] ? Y : [Y] extends [1] ? X : JoinAxis<X, Y>

/** Axes written out for a message. */
export type Describe<A extends Axes> = A extends readonly []
  ? ''
  : A extends readonly [infer First extends Axis]
    ? `${First}`
    : A extends readonly [infer First extends Axis, ...infer Rest extends Axes]
      ? `${First}, ${Describe<Rest>}`
      : '...'

/** {@link Broadcast} for axes of known number, one pair at a time from the last: `LeftOver` and `RightOver` are still to pair, `Done` is the result so far. */
export type BroadcastKnown<
  Name extends string,
  A extends Axes,
  B extends Axes,
  LeftOver extends Axes,
  RightOver extends Axes,
  Done extends Axes,
> = LeftOver extends readonly [...infer LeftRest extends Axes, infer X extends Axis]
  ? RightOver extends readonly [...infer RightRest extends Axes, infer Y extends Axis]
    ? [BroadcastAxis<X, Y>] extends [never]
      ? ShapeError<`${Name}: axis ${X} of [${Describe<A>}] does not fit axis ${Y} of [${Describe<B>}]`>
      : BroadcastKnown<Name, A, B, LeftRest, RightRest, [BroadcastAxis<X, Y>, ...Done]>
    : [...LeftOver, ...Done]
  : [...RightOver, ...Done]

/**
 * Axes of the result when an elementwise op broadcasts two tensors: axes are paired from the last to the first,
 * and two paired axes are equal or one of them has size 1. Unknown ranks give unknown axes and are checked at run time.
 */
export type Broadcast<Name extends string, A extends Axes, B extends Axes> = number extends A['length'] | B['length']
  ? Axes
  : BroadcastKnown<Name, A, B, A, B, []>

/** Axes of a matrix product: outer axes broadcast, the inner ones must agree. A {@link ShapeError} when they do not. */
export type MatMulAxes<A extends Axes, B extends Axes> = A extends readonly [
  ...infer LeftOuter extends Axes,
  infer Rows extends Axis,
  infer LeftInner extends Axis,
]
  ? B extends readonly [...infer RightOuter extends Axes, infer RightInner extends Axis, infer Columns extends Axis]
    ? [JoinAxis<LeftInner, RightInner>] extends [never]
      ? ShapeError<`matMul: inner axis ${LeftInner} of [${Describe<A>}] does not fit inner axis ${RightInner} of [${Describe<B>}]`>
      : Broadcast<'matMul', LeftOuter, RightOuter> extends infer Outer
        ? Outer extends Axes
          ? [...Outer, Rows, Columns]
          : Outer
        : never
    : Axes
  : Axes

/** Height or width after a window has slid over it: a name stays, a size has to be computed. */
export type SlidOver<X extends Axis> = X extends number ? number : X

/** Axes of a convolution of images `A` with filters `F`, or a {@link ShapeError} when the numbers of channels differ. */
export type ConvolutionAxes<A extends Axes, F extends Axes> = A extends readonly [
  infer Batch extends Axis,
  infer Height extends Axis,
  infer Width extends Axis,
  infer Channel extends Axis,
]
  ? F extends readonly [Axis, Axis, infer Inputs extends Axis, infer Outputs extends Axis]
    ? [JoinAxis<Channel, Inputs>] extends [never]
      ? ShapeError<`conv2d: channels ${Channel} of images [${Describe<A>}] do not fit channels ${Inputs} of filters [${Describe<F>}]`>
      : readonly [Batch, SlidOver<Height>, SlidOver<Width>, number extends Outputs ? (Channel extends string ? Channel : number) : Outputs]
    : Axes
  : Axes

import type { ExampleData } from '@transferkit/tensor'

/** Number of elements of a shape. */
export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** A new array of zeros, of the element type of another. */
export const emptyLike = (array: ExampleData, length: number): ExampleData =>
  array instanceof Uint8Array ? new Uint8Array(length) : array instanceof Int32Array ? new Int32Array(length) : new Float32Array(length)

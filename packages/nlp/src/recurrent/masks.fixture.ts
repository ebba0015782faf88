import { tensor, type Tensor } from '@transferkit/tensor'

/** A mask with padding at the end: 1 at the first steps of each example. */
export const maskFor = (lengths: ArrayLike<number>, steps: number): Tensor =>
  tensor(
    Float32Array.from(Array.from(lengths).flatMap((length) => Array.from({ length: steps }, (_, step) => (step < length ? 1 : 0)))),
    [lengths.length, steps],
  )

import { concat, foldIn, type Initialiser, type Key, normalArray, tensor, type Tensor, TransferkitError } from '@transferkit/tensor'

const productOf = (a: Float64Array, b: Float64Array): number => a.reduce((total, value, index) => total + value * (b[index] ?? 0), 0)

/** Rows of a random orthogonal matrix: Gram and Schmidt's process on normal vectors, in double precision. */
const orthogonalRows = (key: Key, size: number): readonly Float64Array[] => {
  const rows: Float64Array[] = []
  for (let index = 0; index < size; index++) {
    const row = Float64Array.from(normalArray(foldIn(key, index), size))
    // Twice is enough: the second pass removes what rounding left of the first.
    for (let pass = 0; pass < 2; pass++) {
      for (const other of rows) {
        const share = productOf(row, other)
        other.forEach((value, column) => (row[column] = (row[column] ?? 0) - share * value))
      }
    }
    const length = Math.sqrt(productOf(row, row))
    rows.push(row.map((value) => value / length))
  }
  return rows
}

/**
 * Random orthogonal matrices side by side, one for each gate of a recurrent cell: `W Wᵀ = I` for each of them, so that the hidden state neither grows nor
 * fades at the start (Saxe et al. 2014).
 *
 * @param key Source of randomness.
 * @param shape `[size, gates · size]`.
 * @throws TransferkitError `nlp/orthogonal` when the shape is not that of square matrices side by side.
 *
 * @example
 * ```ts
 * import { orthogonal } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const weight = orthogonal(randomKey(1), [8, 32]) // four matrices of 8 by 8
 * ```
 */
export const orthogonal: Initialiser = (key, shape) => {
  const [size = 0, columns = 0] = shape
  const gates = columns / size
  if (shape.length !== 2 || !Number.isInteger(gates) || gates < 1) {
    throw new TransferkitError('nlp/orthogonal', `Orthogonal start: [${String(shape)}] is not the shape of square matrices side by side, [size, gates · size].`)
  }
  const matrix = (gate: number): Tensor => tensor(Float32Array.from(orthogonalRows(foldIn(key, gate), size).flatMap((row) => [...row])), [size, size])
  return concat([matrix(0), ...Array.from({ length: gates - 1 }, (_, index) => matrix(index + 1))], -1)
}

import { matMul, readSync, type Scalar, scope, square, stopGradient, sum, type Tensor, tensor, TransferkitError, transpose, type Vectors } from '@transferkit/tensor'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/**
 * Sum of the squares of the `k` smallest singular values of a matrix, `Σ_{i=1..k} σ_{-i}²`, with its gradient.
 *
 * `F` is `[rows, columns]` with singular values `σ_1 ≥ … ≥ σ_min(rows, columns)` and vectors `u_i`, `v_i`. As `∂σ_i²/∂F = 2 σ_i u_i v_iᵀ`, and `‖u_iᵀ F‖² = σ_i²` has the
 * derivative `2 u_i u_iᵀ F = 2 σ_i u_i v_iᵀ` for a `u_i` that is held constant, only the vectors are needed, and they need no gradient: they are the eigenvectors of the smaller of `F Fᵀ`
 * and `Fᵀ F`, found on the host in double precision.
 *
 * @param matrix `F`.
 * @param count `k`; at most as many as there are singular values.
 * @throws TransferkitError `bss/too-many-singular-values` where `F` has fewer than `k`.
 *
 * @example
 * ```ts
 * import { scope, tensor, type Vectors } from '@transferkit/tensor'
 * import { smallestSquaredSingularValues } from 'transferkit-batch-spectral-shrinkage'
 *
 * // The singular values of a diagonal matrix stand on its diagonal: 3, 2.
 * const four = scope(() => smallestSquaredSingularValues(tensor([3, 0, 0, 2], [2, 2]) as Tensor as Vectors, 1))
 * ```
 */
export const smallestSquaredSingularValues = (matrix: Vectors, count: number): Scalar => {
  const [rows, columns] = matrix.shape
  if (count > Math.min(rows, columns)) {
    throw new TransferkitError('bss/too-many-singular-values', `A batch of ${rows} features of ${columns} numbers has ${Math.min(rows, columns)} singular values; ${count} of them cannot be shrunk. Lower the option 'smallest', or make the batch larger.`)
  }
  // From here on the matrix lies on its longer side, so that its Gram matrix is the small one.
  const wide: Tensor = rows <= columns ? matrix : transpose(matrix, [1, 0])
  const vectors = smallestLeftVectors(wide, count)
  return sum(square(matMul(vectors, wide)))
}

/** The left singular vectors of the smallest singular values, `[count, rows]`, as constants. */
const smallestLeftVectors = (wide: Tensor, count: number): Tensor => {
  const [size = 0] = wide.shape
  const gram = scope(() => {
    const constant = stopGradient(wide)
    return readSync(matMul(constant, transpose(constant, [1, 0]))).slice()
  })
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(size, size, gram), { assumeSymmetric: true })
  const smallest = realEigenvalues.map((value, column) => ({ value, column })).sort((left, right) => left.value - right.value).slice(0, count)
  return tensor(smallest.flatMap(({ column }) => eigenvectorMatrix.getColumn(column)), [count, size])
}

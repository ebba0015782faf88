import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** A matrix on the host, row after row. */
export interface HostMatrix {
  /** Number of rows. */
  readonly rows: number
  /** Number of columns. */
  readonly columns: number
  /** The elements, row after row. */
  readonly values: Float32Array
}

/** Two factors for each of some matrices, the left one shared by all: `A_d ≈ P Q_d`. */
export interface SharedFactors {
  /** `P`, `[rows, rank]`, with orthonormal columns. */
  readonly shared: HostMatrix
  /** `Q_d`, `[rank, columns]`, in the order of the matrices. */
  readonly own: readonly HostMatrix[]
}

/** What the matrices side by side consist of. */
export interface SharedFactorisation {
  /** Singular values of the matrices side by side, falling; as many as the rank can be. */
  readonly singularValues: readonly number[]
  /**
   * The best factors of a rank, in the sum of squares.
   *
   * @param rank From 1 to the number of singular values.
   */
  factors(rank: number): SharedFactors
}

const toMatrix = ({ rows, columns, values }: HostMatrix): Matrix => Matrix.from1DArray(rows, columns, values)

const toHost = (matrix: Matrix): HostMatrix => ({ rows: matrix.rows, columns: matrix.columns, values: Float32Array.from(matrix.to1DArray()) })

/**
 * Factorises matrices of one height jointly: with `A = [A_1 | … | A_D]` and its singular value decomposition `U Σ Vᵀ`, `P = U_K` and `Q_d = U_Kᵀ A_d`.
 *
 * `U` are the eigenvectors of `A Aᵀ`, which is small however many matrices there are. In double precision the squares lose nothing that 32-bit
 * elements could show.
 *
 * @param matrices Matrices with equally many rows, at least one.
 * @internal
 */
export const factoriseJointly = (matrices: readonly HostMatrix[]): SharedFactorisation => {
  const all = matrices.map(toMatrix)
  const rows = matrices[0]?.rows ?? 0
  const gram = all.reduce((sum, matrix) => sum.add(matrix.mmul(matrix.transpose())), Matrix.zeros(rows, rows))
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true })
  const falling = realEigenvalues.map((value, index) => ({ value, index })).sort((left, right) => right.value - left.value)
  const columns = matrices.reduce((count, matrix) => count + matrix.columns, 0)
  const kept = falling.slice(0, Math.min(rows, columns))
  return {
    singularValues: kept.map(({ value }) => Math.sqrt(Math.max(0, value))),
    factors: (rank) => {
      const shared = eigenvectorMatrix.subMatrixColumn(kept.slice(0, rank).map(({ index }) => index))
      const projection = shared.transpose()
      return { shared: toHost(shared), own: all.map((matrix) => toHost(projection.mmul(matrix))) }
    },
  }
}

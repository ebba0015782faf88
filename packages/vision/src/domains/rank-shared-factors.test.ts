import { normalArray, randomKey } from '@transferkit/tensor'
import { SingularValueDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { factoriseJointly, type HostMatrix, type SharedFactors } from './rank-shared-factors.js'

const random = (seed: number, rows: number, columns: number): HostMatrix => ({ rows, columns, values: normalArray(randomKey(seed), rows * columns) })

const at = ({ columns, values }: HostMatrix, row: number, column: number): number => values[row * columns + column]!

/** Sum of squares of `A_d - P Q_d` over all matrices. */
const squaredError = (matrices: readonly HostMatrix[], { shared, own }: SharedFactors): number => {
  let total = 0
  matrices.forEach((matrix, index) => {
    for (let row = 0; row < matrix.rows; row++) {
      for (let column = 0; column < matrix.columns; column++) {
        let product = 0
        for (let inner = 0; inner < shared.columns; inner++) product += at(shared, row, inner) * at(own[index]!, inner, column)
        total += (at(matrix, row, column) - product) ** 2
      }
    }
  })
  return total
}

describe.each([
  ['wide', [random(1, 6, 9), random(2, 6, 9), random(3, 6, 4)]],
  ['tall', [random(4, 12, 3), random(5, 12, 4)]],
  ['of one matrix', [random(6, 5, 5)]],
])('matrices side by side, %s', (_case, matrices) => {
  const rank = Math.min(
    matrices[0]!.rows,
    matrices.reduce((sum, { columns }) => sum + columns, 0),
  )
  const factorisation = factoriseJointly(matrices)
  const errors = Array.from({ length: rank }, (_, index) => squaredError(matrices, factorisation.factors(index + 1)))

  test('the singular values are those of a decomposition of the whole', () => {
    const whole = new Matrix(Array.from({ length: matrices[0]!.rows }, (_, row) => matrices.flatMap((matrix) => Array.from({ length: matrix.columns }, (_unused, column) => at(matrix, row, column)))))
    const expected = new SingularValueDecomposition(whole, { autoTranspose: true }).diagonal
    expect(factorisation.singularValues).toHaveLength(rank)
    factorisation.singularValues.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 6))
  })

  test('full rank gives the matrices back', () => {
    expect(errors.at(-1)).toBeLessThan(1e-10)
  })

  test('the error of each rank is the energy of the values left out, so it never grows with the rank', () => {
    errors.forEach((error, index) => {
      const leftOut = factorisation.singularValues.slice(index + 1).reduce((sum, value) => sum + value ** 2, 0)
      expect(error).toBeCloseTo(leftOut, 4)
      expect(error).toBeLessThanOrEqual((errors[index - 1] ?? Infinity) + 1e-9)
    })
  })
})

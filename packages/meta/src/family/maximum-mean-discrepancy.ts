import { add, concat, divide, exp, matMul, mean, multiply, negate, reshape, type Scalar, scalar, square, stopGradient, subtract, sum, tensor, type Tensor, TransferkitError, transpose, type Vectors } from '@transferkit/tensor'

/** Settings of {@link maximumMeanDiscrepancy}. */
export interface DiscrepancyOptions {
  /** Factors `a` on the mean squared distance, one a kernel; 0.5, 1 and 2 unless told, which is customary. */
  readonly bandwidths?: readonly number[]
  /** Whether examples are compared with themselves too (`'biased'`, never negative) or not (`'unbiased'`); `'biased'` unless told, our choice: it is defined for every batch. */
  readonly estimate?: 'biased' | 'unbiased'
}

/** Sum of Gaussian kernels between all rows, `Σ_a exp(-d² / (2 a s))` with `s` the mean of all `d²`, a constant for the gradient. @internal */
export const gaussianKernels = (rows: Tensor, bandwidths: readonly number[]): Tensor => {
  const [count = 0] = rows.shape
  const lengths: Tensor = sum(square(rows), [1])
  const products: Tensor = matMul(rows, transpose(rows, [1, 0]))
  const [down, across]: readonly [Tensor, Tensor] = [reshape(lengths, [count, 1]), reshape(lengths, [1, count])]
  const distances: Tensor = subtract(add(down, across), multiply(products, 2))
  const scale = stopGradient(mean(distances))
  return bandwidths.map((bandwidth): Tensor => exp(negate(divide(distances, multiply(scale, 2 * bandwidth))))).reduce<Tensor>((total, kernel) => add(total, kernel), scalar(0))
}

/** What every pair of rows counts: 1/n² or 1/(n(n-1)) inside a domain, -1/(nm) across. */
const pairFactors = (sources: number, targets: number, estimate: 'biased' | 'unbiased'): Tensor => {
  const count = sources + targets
  const inside = (size: number, isSame: boolean): number => (estimate === 'biased' ? 1 / size ** 2 : isSame ? 0 : 1 / (size * (size - 1)))
  const factors = Float32Array.from({ length: count * count }, (_, position) => {
    const [row, column] = [Math.floor(position / count), position % count]
    if (row < sources !== column < sources) return -1 / (sources * targets)
    return inside(row < sources ? sources : targets, row === column)
  })
  return tensor(factors, [count, count])
}

/**
 * Maximum mean discrepancy with several Gaussian kernels: how different two samples are,
 * `MMD² = mean k(s,s') + mean k(t,t') - 2 mean k(s,t)`, with `k = Σ_a exp(-d² / (2 a s))` and `s` the mean squared distance of all examples.
 *
 * The `'biased'` estimate averages over all pairs, and is never negative; the `'unbiased'` one leaves out the pairs of an example with itself. (The
 * Transfer-Learning-Library has the unbiased one plus the constant `2 / (n - 1)`.)
 *
 * @param source Features of one domain, `[n, channel]`.
 * @param target Features of the other, `[m, channel]`.
 * @param options Kernels and estimate.
 * @throws TransferkitError `discrepancy/one-example` when an unbiased estimate has less than two examples of a domain.
 *
 * @example
 * ```ts
 * import { maximumMeanDiscrepancy } from '@transferkit/meta'
 * import { tensor } from '@transferkit/tensor'
 *
 * const far = maximumMeanDiscrepancy(tensor([0, 1], [2, 1]), tensor([5, 6], [2, 1]))
 * ```
 */
export const maximumMeanDiscrepancy = (source: Vectors, target: Vectors, { bandwidths = [0.5, 1, 2], estimate = 'biased' }: DiscrepancyOptions = {}): Scalar => {
  const [sources, targets] = [source.shape[0], target.shape[0]]
  if (estimate === 'unbiased' && Math.min(sources, targets) < 2) {
    throw new TransferkitError('discrepancy/one-example', `The unbiased discrepancy compares examples of a domain with each other, but there are ${sources} of the source and ${targets} of the target. Use larger batches, or estimate: 'biased'.`)
  }
  return sum(multiply(gaussianKernels(concat([source, target], 0), bandwidths), pairFactors(sources, targets, estimate)))
}

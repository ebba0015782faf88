import { gammaln } from 'simple-statistics'

/** The continued fraction of the incomplete beta function, by the modified method of Lentz. */
const continuedFraction = (x: number, a: number, b: number): number => {
  const tiny = 1e-300
  const safe = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / safe(1 + term * d)
      c = safe(1 + term / c)
      change = c * d
      result *= change
    }
    if (Math.abs(change - 1) < 1e-15) break
  }
  return result
}

/** The regularised incomplete beta function `I_x(a, b)`. */
const incompleteBeta = (x: number, a: number, b: number): number => {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The fraction converges fast on this side of the mean; the other side is its mirror image.
  return x < (a + 1) / (a + b + 2) ? (front * continuedFraction(x, a, b)) / a : 1 - (front * continuedFraction(1 - x, b, a)) / b
}

/**
 * Probability that a Student t variable is farther from 0 than `t`, on either side.
 *
 * @param t Any number.
 * @param degreesOfFreedom Above 0.
 * @internal
 */
export const twoSidedProbability = (t: number, degreesOfFreedom: number): number => incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)

/**
 * The number that a Student t variable exceeds in absolute value with a probability of `1 - confidence`.
 *
 * @param confidence Such as 0.95.
 * @param degreesOfFreedom Above 0.
 * @internal
 */
export const twoSidedQuantile = (confidence: number, degreesOfFreedom: number): number => {
  let [low, high] = [0, 1]
  while (twoSidedProbability(high, degreesOfFreedom) > 1 - confidence) high *= 2
  for (let halving = 0; halving < 200 && high - low > 1e-12 * high; halving++) {
    const middle = (low + high) / 2
    if (twoSidedProbability(middle, degreesOfFreedom) > 1 - confidence) low = middle
    else high = middle
  }
  return (low + high) / 2
}

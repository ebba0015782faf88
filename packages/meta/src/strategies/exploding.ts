import { abs, add, argMax, cast, less, max, multiply, type Scalar, subtract, type Tensor } from '@transferkit/tensor'
import { vectorOf } from '../matching/vector-of.js'

/** Numbers of an iteration that may not be finite, in the order in which they are computed. @internal */
export interface WatchedNumbers {
  /** Cross-entropy of the regular step. */
  readonly task: Scalar
  /** What each pair adds to the loss of the regular step. */
  readonly regular: readonly Scalar[]
  /** The same for each inner step. */
  readonly inner: readonly (readonly Scalar[])[]
  /** Cross-entropy after all inner steps. */
  readonly outer: Scalar
  /** Squared length of the meta-gradient of each pair. */
  readonly metaGradient: readonly Scalar[]
}

/** Name of the metric that says which number was the first that is not finite. @internal */
export const explodingMetric = 'exploding'

/** Above this a 32-bit float is infinite. */
const largest = 3.4e38

/**
 * Position of the first number that is not finite, counted from 1, and 0 where all are: one number, which a compiled step can report.
 *
 * @internal
 */
export const firstExploding = ({ task, regular, inner, outer, metaGradient }: WatchedNumbers): Scalar => {
  const numbers = vectorOf([task, ...regular, ...inner.flat(), outer, ...metaGradient])
  // NaN is not less than anything.
  const isBroken: Tensor = subtract(1, cast(less(abs(numbers), largest), 'float32'))
  const first: Tensor = cast(argMax(isBroken), 'float32')
  // A single number.
  return multiply(max(isBroken), add(first, 1)) as Scalar
}

/** The sentence for what {@link firstExploding} found; none for 0, and for the cross-entropy of the regular step, which is in the loss. @internal */
export const explosionSentence = (position: number, pairs: readonly string[], innerSteps: number): string | undefined => {
  const at = position - 2
  if (at < 0) return undefined
  const round = Math.floor(at / pairs.length)
  const name = pairs[at % pairs.length] ?? ''
  if (round === 0) return `Strategy 'l2t-ww': the matching loss of the pair '${name}' explodes`
  if (round <= innerSteps) return `Strategy 'l2t-ww': the inner steps explode in the pair '${name}', at inner step ${round} of ${innerSteps},`
  const rest = at - (innerSteps + 1) * pairs.length
  if (rest === 0) return `Strategy 'l2t-ww': the step on the task behind the inner steps explodes`
  return `Strategy 'l2t-ww': the meta-gradient of the pair '${pairs[rest - 1] ?? ''}' explodes`
}

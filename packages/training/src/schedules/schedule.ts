import { TransferkitError } from '@transferkit/tensor'

/**
 * Learning rate by step: a pure function, so that a resumed training has the same rates.
 *
 * @param step Number of the step, from 0.
 * @param totalSteps Number of steps of the whole training.
 */
export type Schedule = (step: number, totalSteps: number) => number

const checkRate = (learningRate: number): number => {
  if (Number.isFinite(learningRate) && learningRate >= 0) return learningRate
  throw new TransferkitError('schedule/learning-rate', `A learning rate is a finite number that is not negative, such as 0.01; found ${learningRate}.`)
}

/**
 * One learning rate throughout.
 *
 * @param learningRate The rate.
 * @throws TransferkitError `schedule/learning-rate` when it is negative or not finite.
 *
 * @example
 * ```ts
 * import { constant } from '@transferkit/training'
 *
 * const schedule = constant(0.01)
 * ```
 */
export const constant = (learningRate: number): Schedule => {
  checkRate(learningRate)
  return () => learningRate
}

/** Settings of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Number of steps between two falls. */
  readonly every: number
  /** What the rate is multiplied by at each fall; 0.1 unless told, as in PyTorch's `StepLR`. */
  readonly factor?: number
}

/**
 * A rate that falls at regular steps: `η f^⌊step / every⌋`.
 *
 * @param learningRate Rate at the start.
 * @param options When and how much it falls.
 * @throws TransferkitError `schedule/learning-rate` when the rate is negative or not finite.
 *
 * @example
 * ```ts
 * import { stepDecay } from '@transferkit/training'
 *
 * const schedule = stepDecay(0.1, { every: 1000 })
 * ```
 */
export const stepDecay = (learningRate: number, { every, factor = 0.1 }: StepDecayOptions): Schedule => {
  checkRate(learningRate)
  return (step) => learningRate * factor ** Math.floor(step / every)
}

/** Settings of {@link cosine}. */
export interface CosineOptions {
  /** Number of steps over which the rate first rises; 0 unless told: no warm-up. */
  readonly warmUpSteps?: number
  /** Rate after the last step; 0 unless told, as `CosineAnnealingLR` of PyTorch. */
  readonly final?: number
}

/**
 * A rate that falls along half a cosine: `f + ½ (η - f) (1 + cos(π t))`, where `t` goes from 0 after the warm-up to 1 after the last step.
 *
 * @param learningRate Highest rate `η`.
 * @param options Warm-up and final rate `f`.
 * @throws TransferkitError `schedule/learning-rate` when a rate is negative or not finite.
 *
 * @example
 * ```ts
 * import { cosine } from '@transferkit/training'
 *
 * const schedule = cosine(0.1, { warmUpSteps: 6 })
 * ```
 */
export const cosine = (learningRate: number, { warmUpSteps = 0, final = 0 }: CosineOptions = {}): Schedule => {
  checkRate(learningRate)
  checkRate(final)
  return warmUp((step, totalSteps) => {
    const done = Math.min(1, Math.max(0, (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps)))
    return final + ((learningRate - final) * (1 + Math.cos(Math.PI * done))) / 2
  }, warmUpSteps)
}

/**
 * A schedule whose first steps rise in equal parts: `(step + 1) / (steps + 1)` of its rate, so that the first step is not wasted on a rate of 0.
 *
 * @param schedule The schedule; it is asked with the same step, so the warm-up is the beginning of it.
 * @param steps Number of steps that rise.
 *
 * @example
 * ```ts
 * import { constant, warmUp } from '@transferkit/training'
 *
 * const schedule = warmUp(constant(0.1), 100)
 * ```
 */
export const warmUp =
  (schedule: Schedule, steps: number): Schedule =>
  (step, totalSteps) =>
    step < steps ? (schedule(step, totalSteps) * (step + 1)) / (steps + 1) : schedule(step, totalSteps)

/** A part of a {@link piecewise} schedule. */
export interface SchedulePiece {
  /** First step of the part; 0 for the first part. */
  readonly from: number
  /** Rate of the part. */
  readonly learningRate: number
}

/**
 * A constant rate in each part of the training.
 *
 * @param pieces The parts, in order; the first begins at step 0.
 * @throws TransferkitError `schedule/pieces` when they are not in order or do not begin at 0.
 * @throws TransferkitError `schedule/learning-rate` when a rate is negative or not finite.
 *
 * @example
 * ```ts
 * import { piecewise } from '@transferkit/training'
 *
 * const schedule = piecewise([{ from: 0, learningRate: 0.1 }, { from: 500, learningRate: 0.01 }])
 * ```
 */
export const piecewise = (pieces: readonly SchedulePiece[]): Schedule => {
  const starts = pieces.map(({ from }) => from)
  if (starts[0] !== 0 || starts.some((start, index) => index > 0 && start <= (starts[index - 1] ?? 0))) {
    throw new TransferkitError('schedule/pieces', `The parts of a schedule begin at step 0 and at later and later steps; found [${starts.join(', ')}].`)
  }
  for (const { learningRate } of pieces) checkRate(learningRate)
  return (step) => pieces.findLast(({ from }) => from <= step)?.learningRate ?? 0
}

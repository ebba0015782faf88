import { item, moments, scope, type Tensor } from '@transferkit/tensor'

/** How far a gate is open over a batch. */
export interface Openness {
  /** Mean opening over examples, positions and channels, from 0 to 1. */
  readonly mean: number
  /** Standard deviation of the opening; 0 means that the gate treats everything alike. */
  readonly spread: number
}

/**
 * Mean and spread of a gate's opening. It reads the numbers, so it waits for the backend.
 *
 * @param opening What {@link Gate.apply} gave.
 *
 * @example
 * ```ts
 * import { openness } from '@transferkit/gates'
 * import { tensor } from '@transferkit/tensor'
 *
 * openness(tensor([0.2, 0.6], [2])) // { mean: 0.4, spread: 0.2 }
 * ```
 */
export const openness = (opening: Tensor): Openness =>
  scope(() => {
    const { mean, variance } = moments(opening)
    return { mean: item(mean), spread: Math.sqrt(item(variance)) }
  })

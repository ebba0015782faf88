import type { Optimiser } from '@transferkit/tensor'
import { type AdamMomentsOptions, scaleByAdam } from './adam-moments.js'
import { addDecayedWeights } from './decay.js'
import { gradientDescent } from './gradient-descent.js'
import { chain } from './transform.js'

/** Settings of {@link adam}. */
export interface AdamOptions extends AdamMomentsOptions {
  /** Coupled decay, added to the gradient before the moments as in PyTorch; 0 unless told. */
  readonly weightDecay?: number
}

/**
 * Adam (Kingma and Ba, 2015) as in PyTorch, with coupled weight decay.
 *
 * @param options Decays and epsilon.
 *
 * @example
 * ```ts
 * import { adam } from '@transferkit/training'
 *
 * const optimiser = adam({ weightDecay: 1e-4 })
 * ```
 */
export const adam = ({ weightDecay = 0, ...moments }: AdamOptions = {}): Optimiser =>
  gradientDescent(chain(...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)]), scaleByAdam(moments)))

/** Settings of {@link adamW}. */
export interface AdamWOptions extends AdamMomentsOptions {
  /** Decoupled decay, `p ← p - η (u + λ p)`; 0.01 unless told, as in PyTorch. */
  readonly weightDecay?: number
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019) as in PyTorch.
 *
 * @param options Decays and epsilon.
 *
 * @example
 * ```ts
 * import { adamW } from '@transferkit/training'
 *
 * const optimiser = adamW({ weightDecay: 0.05 })
 * ```
 */
export const adamW = ({ weightDecay = 0.01, ...moments }: AdamWOptions = {}): Optimiser =>
  gradientDescent(chain(scaleByAdam(moments), ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)])))

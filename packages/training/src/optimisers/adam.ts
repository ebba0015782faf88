import type { Optimiser } from '@transferkit/tensor'
import { type AdamMomentsOptions, scaleByAdam, withDefaults } from './adam-moments.js'
import { addDecayedWeights } from './decay.js'
import { gradientDescent } from './gradient-descent.js'
import { inOnePass } from './one-pass.js'
import { chain } from './transform.js'

/** Settings of {@link adam}. */
export interface AdamOptions extends AdamMomentsOptions {
  /** Coupled decay, added to the gradient before the moments as in PyTorch; 0 unless told. */
  readonly weightDecay?: number
}

/** Where {@link scaleByAdam} at a position of a chain keeps its memory. */
const memoryAt = (position: number): readonly string[] => ['count', 'first', 'second'].map((name) => `${position}.${name}`)

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
  inOnePass(gradientDescent(chain(...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)]), scaleByAdam(moments))), {
    step: (factor) => ({ kernel: 'adamStep', ...withDefaults(moments), weightDecay: factor * weightDecay, decoupledWeightDecay: 0 }),
    memory: memoryAt(weightDecay === 0 ? 0 : 1),
  })

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
  inOnePass(gradientDescent(chain(scaleByAdam(moments), ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)]))), {
    step: (factor) => ({ kernel: 'adamStep', ...withDefaults(moments), weightDecay: 0, decoupledWeightDecay: factor * weightDecay }),
    memory: memoryAt(0),
  })

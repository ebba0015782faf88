import type { Optimiser } from '@transferkit/tensor'
import { addDecayedWeights } from './decay.js'
import { gradientDescent } from './gradient-descent.js'
import { scaleByMomentum } from './momentum.js'
import { inOnePass } from './one-pass.js'
import { chain } from './transform.js'

/** Settings of {@link sgd}. */
export interface SgdOptions {
  /** How much of the velocity is kept, 0 unless told. */
  readonly momentum?: number
  /** Whether the update looks ahead; false unless told. */
  readonly nesterov?: boolean
  /** Coupled decay, added to the gradient before momentum as in PyTorch; 0 unless told. */
  readonly weightDecay?: number
  /** Decay that bypasses momentum, `p ← p - η (v + λ p)`; 0 unless told. */
  readonly decoupledWeightDecay?: number
}

/**
 * Stochastic gradient descent as in PyTorch: `g ← g + λ p; v ← μ v + g; p ← p - η v`.
 *
 * @param options Momentum and decay.
 *
 * @example
 * ```ts
 * import { sgd } from '@transferkit/training'
 *
 * const optimiser = sgd({ momentum: 0.9, weightDecay: 5e-4 })
 * ```
 */
export const sgd = ({ momentum = 0, nesterov = false, weightDecay = 0, decoupledWeightDecay = 0 }: SgdOptions = {}): Optimiser =>
  inOnePass(
    gradientDescent(
      chain(
        ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)]),
        ...(momentum === 0 ? [] : [scaleByMomentum({ momentum, nesterov })]),
        ...(decoupledWeightDecay === 0 ? [] : [addDecayedWeights(decoupledWeightDecay)]),
      ),
    ),
    {
      step: (factor) => ({ kernel: 'sgdStep', weightDecay: factor * weightDecay, momentum, nesterov, decoupledWeightDecay: factor * decoupledWeightDecay }),
      memory: momentum === 0 ? [] : [weightDecay === 0 ? '0' : '1'],
    },
  )

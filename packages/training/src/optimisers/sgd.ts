import type { Optimiser } from '@transferkit/tensor'
import { addDecayedWeights } from './decay.js'
import { gradientDescent } from './gradient-descent.js'
import { scaleByMomentum } from './momentum.js'
import { inOnePass } from './one-pass.js'
import { chain } from './transform.js'

/** Settings of {@link sgd}. The defaults are those of PyTorch: plain gradient descent. */
export interface SgdOptions {
  /** `μ`, how much of the velocity is kept, from 0 to below 1; 0 unless told, 0.9 is customary. */
  readonly momentum?: number
  /** Whether the update looks ahead (Nesterov), `g + μ v` instead of `v`; false unless told. */
  readonly nesterov?: boolean
  /** Coupled decay `λ`, added to the gradient before momentum as in PyTorch; 0 unless told. */
  readonly weightDecay?: number
  /** Decay that bypasses momentum, `p ← p - η (v + λ p)`, which PyTorch's SGD does not have; 0 unless told. */
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

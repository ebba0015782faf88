import { candidateDefaults, type CandidateDefaults, type CandidateKind } from './candidate.js'
import type { GateOverride } from './unit-gates.js'

/** Options that strategies with units share, whatever their networks. Defaults are those of a trial on images, unless they say otherwise. */
export interface UnitOptions {
  /** How the fine-tuned version `c` of the source activation is made; `light` unless told. */
  readonly candidate?: CandidateKind
  /**
   * What the frozen source layers see: `own`, the activations of their own network, or `shared`, those of the target. `own` unless told: it needs no
   * gradient through frozen layers.
   */
  readonly sourceInput?: 'own' | 'shared'
  /** Whether the target branch starts from the source's weights or at random; `copy` for `light` and `random` for the others unless told. */
  readonly targetInitialisation?: 'copy' | 'random'
  /** Start of the transfer gate's bias; 0 for `light` and 2 for the others unless told. */
  readonly transferGateBias?: number
  /** Start of the fine-tune gate's bias; -2 for `light`, 0 for `threeState`, 2 for `gru` (our choice) unless told. */
  readonly fineTuneGateBias?: number
  /** Factor on the learning rate of the gates; 1 unless told. */
  readonly gateLearningRate?: number
  /** Size of a random term in the start of `W_c`; 0 unless told. A small one, such as 0.05, gives the fine-tune gate of `light` a gradient from the start. */
  readonly perturbation?: number
  /** Gates that are held instead of learned; none unless told. */
  readonly gateOverride?: GateOverride
}

/** A kind of candidate, and the start of its unit as far as it is told. */
export interface UnitStart {
  /** How the fine-tuned version `c` of the source activation is made. */
  readonly candidate: CandidateKind
  /** Whether the target branch starts from the source's weights or at random. */
  readonly targetInitialisation?: CandidateDefaults['targetInitialisation'] | undefined
  /** Start of the transfer gate's bias. */
  readonly transferGateBias?: number | undefined
  /** Start of the fine-tune gate's bias. */
  readonly fineTuneGateBias?: number | undefined
}

/**
 * Options of units with a start for what is not told: that of their kind of candidate in {@link candidateDefaults}.
 *
 * @param options The kind of candidate, and anything else.
 *
 * @example
 * ```ts
 * import { withCandidateDefaults } from '@transferkit/gates'
 *
 * withCandidateDefaults({ candidate: 'light', transferGateBias: 1 }) // transferGateBias: 1, fineTuneGateBias: -2, targetInitialisation: 'copy'
 * ```
 */
export const withCandidateDefaults = <T extends UnitStart>(options: T): Omit<T, keyof CandidateDefaults> & CandidateDefaults => {
  const defaults = candidateDefaults[options.candidate]
  return {
    ...options,
    targetInitialisation: options.targetInitialisation ?? defaults.targetInitialisation,
    transferGateBias: options.transferGateBias ?? defaults.transferGateBias,
    fineTuneGateBias: options.fineTuneGateBias ?? defaults.fineTuneGateBias,
  }
}

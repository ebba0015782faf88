/** The readings of what the transferred activation turns into when it is fine-tuned. */
export const candidateKinds = ['light', 'threeState', 'gru'] as const

/**
 * One of {@link candidateKinds}: how the candidate activation `c` of a unit is made.
 *
 * - `light`: `c = ψ(W_c s + b_c)`, a small map of the source activation that starts as the identity.
 * - `threeState`: `c` comes from a trainable clone of the source layer, so that the unit holds the states random, frozen and fine-tuned exactly.
 * - `gru`: `c = ψ(W_c (f ⊙ s) + U_c t + b_c)`, with the gates as in a gated recurrent unit.
 */
export type CandidateKind = (typeof candidateKinds)[number]

/** How a unit starts. */
export interface CandidateDefaults {
  /** Bias of the transfer gate. */
  readonly transferGateBias: number
  /** Bias of the fine-tune gate. */
  readonly fineTuneGateBias: number
  /** Whether the target branch starts from the source's parameters or afresh. */
  readonly targetInitialisation: 'copy' | 'random'
}

/**
 * Where each kind of unit starts.
 *
 * `light` and `threeState` are as a trial on real data found them to work; `light` needs the copy, because its candidate alone cannot become a
 * fine-tuned layer. `gru` is our choice: with both gates open (0.88) it starts near the frozen source, which a random target branch needs.
 */
export const candidateDefaults: Readonly<Record<CandidateKind, CandidateDefaults>> = {
  light: { transferGateBias: 0, fineTuneGateBias: -2, targetInitialisation: 'copy' },
  threeState: { transferGateBias: 2, fineTuneGateBias: 0, targetInitialisation: 'random' },
  gru: { transferGateBias: 2, fineTuneGateBias: 2, targetInitialisation: 'random' },
}

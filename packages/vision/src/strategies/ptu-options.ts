import { candidateDefaults, type CandidateKind, candidateKinds, type GateKind, gateKinds, type GateOverride } from '@transferkit/gates'
import { z } from 'zod'
import type { AdapterKind } from '../adapters/adapted-convolution.js'

/** Options of {@link ptu}. Defaults are those of a trial on real data, unless they say otherwise. */
export interface PtuOptions {
  /** How the fine-tuned version `c` of the source activation is made; `light` unless told. */
  readonly candidate?: CandidateKind
  /**
   * What the frozen source layers see: `own`, the activations of their own network, or `shared`, those of the target. `own` unless told: it needs no
   * gradient through frozen layers. Both agree where a prefix of the network is frozen.
   */
  readonly sourceInput?: 'own' | 'shared'
  /** How the gates are computed; `pointwise` unless told. */
  readonly gate?: GateKind
  /** Height and width of the filters of `separable` gates, odd; 3 unless told, our choice. */
  readonly kernelSize?: number
  /** Where units stand: after every `stages` (unless told; the stem alone is none), after the stem and all `blocks`, or after the taps of a list. */
  readonly unitsAfter?: 'stages' | 'blocks' | readonly string[]
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
  /** Name of the target's network in {@link networks}, where it is not the source's. Taps and map sizes must agree; widths may differ. */
  readonly targetNetwork?: string
  /**
   * Residual adapters on the convolutions of the target branch, which start at 0: its filters then stay those of the source, and only adapters, batch norm and the
   * head are the target's own. None unless told: the whole branch is trained.
   */
  readonly targetAdapters?: AdapterKind
}

const opening = z.number().min(0).max(1)

/** One opening for all units, or one for some, by tap. */
const heldOpening = z.union([opening, z.record(z.string(), opening).readonly()])

/** Check and defaults of {@link PtuOptions}; those whose default depends on the candidate are filled in last. */
export const ptuOptions = z
  .strictObject({
    candidate: z.enum(candidateKinds).default('light').describe('How the fine-tuned version of the source activation is made.'),
    sourceInput: z
      .enum(['own', 'shared'])
      .default('own')
      .describe("What frozen source layers see: 'own', their own network's activations, or 'shared', the target's."),
    gate: z.enum(gateKinds).default('pointwise').describe('How the gates are computed.'),
    kernelSize: z
      .int()
      .positive()
      .refine((size) => size % 2 === 1, 'It must be odd, so that the filter has a centre.')
      .default(3)
      .describe("Size of the filters of 'separable' gates; odd."),
    unitsAfter: z
      .union([z.enum(['stages', 'blocks']), z.array(z.string()).min(1).readonly()])
      .default('stages')
      .describe("Where units stand: after every stage ('stages'), after every block ('blocks'), or a list of taps."),
    targetInitialisation: z
      .enum(['copy', 'random'])
      .optional()
      .describe("How the target branch starts: 'copy' of the source for 'light', else 'random', unless told."),
    transferGateBias: z.number().optional().describe("Start of the transfer gate's bias: 0 for 'light', else 2, unless told."),
    fineTuneGateBias: z.number().optional().describe("Start of the fine-tune gate's bias: -2 for 'light', 0 for 'threeState', 2 for 'gru', unless told."),
    gateLearningRate: z.number().positive().default(1).describe('Factor on the learning rate of the gates.'),
    perturbation: z.number().nonnegative().default(0).describe("Size of a random term in the start of W_c; frees the fine-tune gate of 'light'."),
    gateOverride: z
      .strictObject({ transfer: heldOpening.optional(), fineTune: heldOpening.optional() })
      .default({})
      .describe('Holds gates open by a constant instead of learning them: one for all units, or by tap; 0 and 1 are the discrete states.'),
    targetNetwork: z.string().optional().describe("Name of the target's network where it is not the source's; their taps and map sizes must agree."),
    targetAdapters: z.enum(['series', 'parallel']).optional().describe("Residual adapters on the target branch, whose filters then stay the source's; none unless told."),
  })
  .transform((given) => {
    const defaults = candidateDefaults[given.candidate]
    return {
      ...given,
      targetInitialisation: given.targetInitialisation ?? (given.targetAdapters !== undefined ? 'copy' : given.targetNetwork === undefined ? defaults.targetInitialisation : 'random'),
      transferGateBias: given.transferGateBias ?? defaults.transferGateBias,
      fineTuneGateBias: given.fineTuneGateBias ?? defaults.fineTuneGateBias,
    }
  })

/** {@link PtuOptions} with their defaults. */
export type FullPtuOptions = z.output<typeof ptuOptions>

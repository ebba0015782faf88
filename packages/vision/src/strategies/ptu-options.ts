import { candidateKinds, type GateKind, gateKinds, type UnitOptions, withCandidateDefaults } from '@transferkit/gates'
import { z } from 'zod'
import type { AdapterKind } from '../adapters/adapted-convolution.js'

/** Options of {@link ptu}. Defaults are those of a trial on real data, unless they say otherwise. */
export interface PtuOptions extends UnitOptions {
  /** How the gates are computed; `pointwise` unless told. */
  readonly gate?: GateKind
  /** Height and width of the filters of `separable` gates, odd; 3 unless told, our choice. */
  readonly kernelSize?: number
  /** Where units stand: after every `stages` (unless told; the stem alone is none), after the stem and all `blocks`, or after the taps of a list. */
  readonly unitsAfter?: 'stages' | 'blocks' | readonly string[]
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
  .transform(({ targetInitialisation, ...given }) => {
    // A branch that only adapters change has to start as the source; a network of its own cannot.
    const start = given.targetAdapters !== undefined ? 'copy' : given.targetNetwork === undefined ? undefined : 'random'
    return withCandidateDefaults({ ...given, targetInitialisation: targetInitialisation ?? start })
  })

/** {@link PtuOptions} with their defaults. */
export type FullPtuOptions = z.output<typeof ptuOptions>

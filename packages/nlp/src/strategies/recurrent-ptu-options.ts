import { candidateKinds, type GateKind, type UnitOptions, withCandidateDefaults } from '@transferkit/gates'
import type { StageTreatment } from '@transferkit/training'
import { z } from 'zod'
import { treatment } from './treatment.js'

/** The kinds of gates that fit vectors. */
export const recurrentGateKinds = ['dense', 'diagonal', 'scalar'] as const satisfies readonly GateKind[]

/** One of {@link recurrentGateKinds}; what each computes is said where `GateKind` of `@transferkit/gates` is documented. */
export type RecurrentGateKind = (typeof recurrentGateKinds)[number]

/** Options of {@link recurrentPtu}. The source's recurrent state is its own, whatever `sourceInput`. Defaults are our choice. */
export interface RecurrentPtuOptions extends UnitOptions {
  /** How the gates are computed; `dense` unless told. */
  readonly gate?: RecurrentGateKind
  /** Which stages have units: every recurrent one (`recurrent`, unless told), these and the embedding (`all`), or those of a list. */
  readonly layers?: 'recurrent' | 'all' | readonly string[]
  /** Whether an LSTM has a second unit, on its cell state; false unless told: each cell then keeps a cell state of its own. */
  readonly mixCell?: boolean
  /** What happens to the classifier: `random` (a new one, unless told), or, where source and target have as many classes, `fine-tuned` or `frozen`. */
  readonly output?: StageTreatment
}

const opening = z.number().min(0).max(1)

/** One opening for all units, or one for some, by stage. */
const heldOpening = z.union([opening, z.record(z.string(), opening).readonly()])

/** Check and defaults of {@link RecurrentPtuOptions}; those whose default depends on the candidate are filled in last. */
export const recurrentPtuOptions = z
  .strictObject({
    candidate: z.enum(candidateKinds).default('light').describe('How the fine-tuned version of the source activation is made.'),
    sourceInput: z.enum(['own', 'shared']).default('own').describe("What frozen source layers see: 'own', their own network's activations, or 'shared', the target's."),
    gate: z.enum(recurrentGateKinds).default('dense').describe('How the gates are computed.'),
    layers: z
      .union([z.enum(['recurrent', 'all']), z.array(z.string()).min(1).readonly()])
      .default('recurrent')
      .describe("Which stages have units: every recurrent one ('recurrent'), these and the embedding ('all'), or a list."),
    mixCell: z.boolean().default(false).describe('Whether an LSTM has a second unit, on its cell state.'),
    targetInitialisation: z
      .enum(['copy', 'random'])
      .optional()
      .describe("How the target branch starts: 'copy' of the source for 'light', else 'random', unless told."),
    output: treatment.default('random').describe("What happens to the classifier: new ('random'), or 'fine-tuned' or 'frozen' where the source has as many classes."),
    transferGateBias: z.number().optional().describe("Start of the transfer gate's bias: 0 for 'light', else 2, unless told."),
    fineTuneGateBias: z.number().optional().describe("Start of the fine-tune gate's bias: -2 for 'light', 0 for 'threeState', 2 for 'gru', unless told."),
    gateLearningRate: z.number().positive().default(1).describe('Factor on the learning rate of the gates.'),
    perturbation: z.number().nonnegative().default(0).describe("Size of a random term in the start of W_c; frees the fine-tune gate of 'light'."),
    gateOverride: z
      .strictObject({ transfer: heldOpening.optional(), fineTune: heldOpening.optional() })
      .default({})
      .describe('Holds gates open by a constant instead of learning them: one for all units, or by stage; 0 and 1 are the discrete states.'),
  })
  .transform(withCandidateDefaults)

/** {@link RecurrentPtuOptions} with their defaults. */
export type FullRecurrentPtuOptions = z.output<typeof recurrentPtuOptions>

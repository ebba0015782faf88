import { z } from 'zod'

/** Factors on the optimiser's weight decay by what a parameter belongs to. The defaults, one decay for all, are our choice. */
export interface AdapterWeightDecay {
  /** Filters that all domains share, where they are trained; 1 unless told. */
  readonly shared?: number
  /** Filters of adapters; 1 unless told. The official commands have the same decay, 1e-4, as for shared filters; for little data RA17 raises it. */
  readonly adapters?: number
  /** Batch norm, biases and the head; 1 unless told. The official commands ask for 5. */
  readonly rest?: number
}

/** Options that both adapter strategies have. Defaults are those of the official code, unless they say otherwise. */
export interface AdapterOptions {
  /** Names of the stages that have adapters; all, the stem included, unless told. */
  readonly stages?: readonly string[]
  /** Paths of the convolutions that have adapters, in which `*` stands for any part of a name; all with windows larger than 1 x 1 unless told. */
  readonly convolutions?: readonly string[]
  /** Which of the two convolutions of a block have an adapter: both (`11`, unless told), the first or the second. Convolutions outside of blocks, such as the stem, are not affected. */
  readonly proj?: '11' | '10' | '01'
  /** Start of the adapters: `reference`, random as in the official code, or `zero`, where the network starts as the source; `reference` unless told. */
  readonly initialisation?: 'reference' | 'zero'
  /** Factors on the optimiser's weight decay; 1 unless told, our choice. */
  readonly weightDecay?: AdapterWeightDecay
  /**
   * `intended`, each parameter with its own factor (unless told; our choice), or `reference`: as the official code really decays, a parameter that is no filter inherits the factor
   * of the last trained filter in front of it.
   */
  readonly decayMode?: 'intended' | 'reference'
  /** Factor on the learning rate of the new head; 1 unless told. */
  readonly headLearningRate?: number
  /** What is trained: adapters, batch norm and head (`private`, unless told), or `everything`, for pre-training a network together with its adapters. */
  readonly train?: 'private' | 'everything'
}

const factor = z.number().nonnegative().default(1)

const names = z.array(z.string()).min(1).readonly().optional()

/** Check and defaults of {@link AdapterOptions}. */
export const adapterOptions = {
  stages: names.describe('Names of the stages that have adapters; all unless told.'),
  convolutions: names.describe('Paths of the convolutions that have adapters; * stands for any part of a name.'),
  proj: z.enum(['11', '10', '01']).optional().describe('Which of the two convolutions of a block have an adapter.'),
  initialisation: z.enum(['reference', 'zero']).default('reference').describe("Start of the adapters: random as in the official code, or 'zero'."),
  weightDecay: z
    .strictObject({
      shared: factor.describe('Shared filters, where they are trained.'),
      adapters: factor.describe('Filters of adapters.'),
      rest: factor.describe('Batch norm, biases and the head.'),
    })
    .prefault({})
    .describe("Factors on the optimiser's weight decay."),
  decayMode: z.enum(['intended', 'reference']).default('intended').describe("'reference' decays as the official code really does."),
  headLearningRate: z.number().positive().default(1).describe('Factor on the learning rate of the new head.'),
  train: z.enum(['private', 'everything']).default('private').describe("'everything' trains the shared filters too."),
}

/** {@link AdapterOptions} with their defaults. */
export type FullAdapterOptions = z.output<z.ZodObject<typeof adapterOptions>>

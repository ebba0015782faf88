import { z } from 'zod'

/** Options of {@link gtn}. Defaults are those of the official code, unless they say otherwise. */
export interface GtnOptions {
  /** Tap whose activation the gate stands behind: the feature in front of the head unless told. On maps the gate is computed from their mean and applies to all positions. */
  readonly gateAt?: string
  /** Tap that the auxiliary classifier reads, in front of the gate; the last but one stage that gives maps unless told, stage 3 of a ResNet-50. */
  readonly auxiliaryAt?: string
  /** Whether there is a gate; true unless told. */
  readonly gate?: boolean
  /** Whether there is an auxiliary classifier during training; true unless told. */
  readonly auxiliary?: boolean
  /** Channels of the feature for each hidden unit of the gate; 16 unless told. */
  readonly reduction?: number
  /** Smallest number of hidden units, so that the gate of a narrow network does not die; 16 unless told, our choice. */
  readonly minimumHiddenUnits?: number
  /** Probability that a hidden unit of the gate is dropped in training; 0.7 unless told. */
  readonly gateDropout?: number
  /** Probability that a feature is dropped in front of the head in training; 0.5 unless told. */
  readonly headDropout?: number
  /** Factor on the loss of the auxiliary classifier; 0.2 unless told. */
  readonly auxiliaryWeight?: number
  /** Share of the training during which the source's weights are frozen, from 0 to 1; 21/100 unless told. */
  readonly warmUp?: number
  /**
   * Whether batch norm adapts its running statistics to the target while the source's weights are frozen (`train`, unless told), or stays as it is (`frozen`).
   * With `frozen` the features of an example stay the same, so that the warm-up runs at the speed of its heads where augmentation allows it.
   */
  readonly batchNormInWarmUp?: 'train' | 'frozen'
  /**
   * Whether the optimiser passes over the frozen weights (`excluded`, unless told; our choice), or gathers momentum for them that is released when they are freed
   * (`accumulated`, as the official code does).
   */
  readonly warmUpMomentum?: 'excluded' | 'accumulated'
  /** Factor on the learning rate of gate, auxiliary classifier and head; 1 unless told. The official code declares 10 and overwrites it with 1. */
  readonly headLearningRate?: number
  /** Opening at which the gate is held instead of learned, from 0 to 1; 1 lets everything through. */
  readonly gateOverride?: number
}

const dropoutRate = z.number().min(0).lt(1)

/** Check and defaults of {@link GtnOptions}. */
export const gtnOptions = z.strictObject({
  gateAt: z.string().optional().describe('Tap whose activation the gate stands behind; the feature in front of the head unless told.'),
  auxiliaryAt: z.string().optional().describe('Tap that the auxiliary classifier reads; the last but one stage that gives maps unless told.'),
  gate: z.boolean().default(true).describe('Whether there is a gate.'),
  auxiliary: z.boolean().default(true).describe('Whether there is an auxiliary classifier during training.'),
  reduction: z.number().min(1).default(16).describe('Channels of the feature for each hidden unit of the gate.'),
  minimumHiddenUnits: z.int().positive().default(16).describe('Smallest number of hidden units of the gate.'),
  gateDropout: dropoutRate.default(0.7).describe('Probability that a hidden unit of the gate is dropped in training.'),
  headDropout: dropoutRate.default(0.5).describe('Probability that a feature is dropped in front of the head in training.'),
  auxiliaryWeight: z.number().nonnegative().default(0.2).describe('Factor on the loss of the auxiliary classifier.'),
  warmUp: z
    .number()
    .min(0)
    .max(1)
    .default(21 / 100)
    .describe("Share of the training during which the source's weights are frozen."),
  batchNormInWarmUp: z.enum(['train', 'frozen']).default('train').describe("Whether batch norm adapts to the target during the warm-up ('train'), or is frozen too."),
  warmUpMomentum: z
    .enum(['excluded', 'accumulated'])
    .default('excluded')
    .describe("Whether the optimiser passes over frozen weights ('excluded'), or gathers momentum that is released after the warm-up ('accumulated', the official behaviour)."),
  headLearningRate: z.number().positive().default(1).describe('Factor on the learning rate of gate, auxiliary classifier and head.'),
  gateOverride: z.number().min(0).max(1).optional().describe('Holds the gate open by a constant instead of learning it.'),
})

/** {@link GtnOptions} with their defaults. */
export type FullGtnOptions = z.output<typeof gtnOptions>

import { z } from 'zod'
import type { MetaGradientForm } from '../bilevel/meta-gradient.js'
import type { Pair, PairRule } from '../matching/pairs.js'
import type { WhatKind } from '../matching/weighted-matching.js'
import type { WhereKind } from '../matching/where-network.js'
import { targetFields } from './target-network.js'

/** Options of {@link l2tWw}. Defaults are those of the official code for TinyImageNet, unless they say otherwise. */
export interface L2tWwOptions {
  /** Name of the target's architecture, among those that the strategy was defined with; that of the source unless told. It always starts from random weights. */
  readonly target?: string
  /** Settings of that architecture, such as `{ widths: [[32], [64], [128, 128], [256, 256], [256, 256]] }` for `vgg9`; its defaults unless told. */
  readonly targetOptions?: Readonly<Record<string, unknown>>
  /** Which layers teach which: `all-to-all` unless told. */
  readonly pairs?: PairRule | readonly Pair[]
  /** Source taps that a rule pairs: the last stage of each height and width unless told, without the stem. */
  readonly sourceTaps?: readonly string[]
  /** Target taps that a rule pairs: the last stage of each height and width unless told, without the stem. */
  readonly targetTaps?: readonly string[]
  /** `β`, the factor on the matching loss in all steps; 0.5 unless told. */
  readonly beta?: number
  /** `T`, the number of inner steps on the matching loss alone; 2 unless told. */
  readonly innerSteps?: number
  /** How channels are weighted: `softmax`, learned, unless told, or `uniform`. */
  readonly what?: WhatKind
  /** How pairs are weighted: `relu6` unless told. */
  readonly where?: WhereKind
  /** How second derivatives are computed; `exact` unless told, as in the official code. In small networks with rectifiers the other forms can be far off; the guide on meta-gradients has the numbers. */
  readonly metaGradient?: MetaGradientForm
  /** Length of the step of finite differences in parameter space; 1e-3 unless told, by measurement. */
  readonly perturbation?: number
  /** Optimiser of the meta-networks; `adam` unless told. */
  readonly metaOptimiser?: 'adam' | 'sgd'
  /** Learning rate of the meta-networks; 1e-4 unless told. */
  readonly metaLearningRate?: number
  /** Coupled weight decay of the meta-networks; 1e-4 unless told. */
  readonly metaWeightDecay?: number
  /** Momentum of the meta-networks where their optimiser is `sgd`; 0.9 unless told. */
  readonly metaMomentum?: number
  /**
   * Running statistics at the end of an iteration: those after the regular step and one more update by the first inner pass (`reference`, unless told), as the official
   * code has it, or those after the regular step (`rolledBack`).
   */
  readonly statistics?: 'reference' | 'rolledBack'
  /**
   * A promise that the optimiser of the training is stochastic gradient descent, with or without momentum and decay; false unless told. An iteration then keeps
   * `T + 2` copies of the parameters and nothing else.
   */
  readonly affineOptimiser?: boolean
  /**
   * Number of steps in a row with `λ = 0` for every example after which a pair is dropped from the matching for good; 0, unless told, never drops one, as in the official
   * code. Our rule.
   */
  readonly pruneAfter?: number
}

const taps = z.array(z.string()).min(1).readonly().optional()

/** Check and defaults of {@link L2tWwOptions}. */
export const l2tWwOptions = z.strictObject({
  ...targetFields,
  pairs: z
    .union([z.enum(['all-to-all', 'one-to-one', 'single']), z.array(z.strictObject({ source: z.string(), target: z.string() })).readonly()])
    .default('all-to-all')
    .describe('Which layers teach which: a rule, or pairs of a source and a target tap.'),
  sourceTaps: taps.describe('Source taps that a rule pairs; the last stage of each height and width unless told, without the stem.'),
  targetTaps: taps.describe('Target taps that a rule pairs; the last stage of each height and width unless told, without the stem.'),
  beta: z.number().nonnegative().default(0.5).describe('Factor on the matching loss.'),
  innerSteps: z.int().nonnegative().default(2).describe('Number of inner steps on the matching loss.'),
  what: z.enum(['softmax', 'uniform']).default('softmax').describe('How channels are weighted.'),
  where: z.enum(['relu6', 'relu', 'elu+1', 'sigmoid2', 'tanh+1', 'softplus', 'constant', 'one']).default('relu6').describe('How pairs are weighted.'),
  metaGradient: z.enum(['exact', 'finiteDifference', 'firstOrder']).default('exact').describe('How second derivatives are computed.'),
  perturbation: z.number().positive().default(1e-3).describe('Length of the step of finite differences.'),
  metaOptimiser: z.enum(['adam', 'sgd']).default('adam').describe('Optimiser of the meta-networks.'),
  metaLearningRate: z.number().nonnegative().default(1e-4).describe('Learning rate of the meta-networks.'),
  metaWeightDecay: z.number().nonnegative().default(1e-4).describe('Weight decay of the meta-networks.'),
  metaMomentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of the meta-networks, with sgd.'),
  statistics: z.enum(['reference', 'rolledBack']).default('reference').describe('Running statistics at the end of an iteration.'),
  affineOptimiser: z.boolean().default(false).describe('Promise that the optimiser of the training is stochastic gradient descent; saves memory.'),
  pruneAfter: z.int().nonnegative().default(0).describe('Number of steps in a row with a weight of 0 after which a pair is dropped; 0 for never.'),
})

/** {@link L2tWwOptions} with their defaults. */
export type FullL2tWwOptions = z.output<typeof l2tWwOptions>

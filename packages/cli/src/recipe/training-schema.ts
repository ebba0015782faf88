import { z } from 'zod'
import { count } from './count.js'

const checks = {
  steps: count,
  epochs: count,
  batchSize: count,
  optimiser: z.enum(['sgd', 'adam', 'adamW']),
  learningRate: z.number().gt(0),
  momentum: z.number().min(0).lt(1),
  nesterov: z.boolean(),
  weightDecay: z.number().min(0),
  schedule: z.enum(['cosine', 'step', 'constant']),
  milestones: z.array(z.number().gt(0)).min(1),
  factor: z.number().gt(0).lt(1),
  warmUpSteps: z.int().min(0),
  precision: z.enum(['float32', 'bfloat16']),
}

/** Training settings that differ from those of the recipe. @internal */
export const trainingOverrides = z.strictObject(checks).partial()

/** Training settings with their defaults. @internal */
export const trainingFields = {
  ...trainingOverrides.shape,
  batchSize: checks.batchSize.default(32),
  optimiser: checks.optimiser.default('sgd'),
  learningRate: checks.learningRate.default(0.05),
  momentum: checks.momentum.default(0.9),
  nesterov: checks.nesterov.default(false),
  weightDecay: checks.weightDecay.default(5e-4),
  schedule: checks.schedule.default('cosine'),
  factor: checks.factor.default(0.1),
  warmUpSteps: checks.warmUpSteps.default(0),
}

interface Budget {
  readonly steps?: number | undefined
  readonly epochs?: number | undefined
}

/** Whether it is said once how long to train. @internal */
export const hasOneBudget = ({ steps, epochs }: Budget): boolean => (steps === undefined) !== (epochs === undefined)

/** What is wrong where {@link hasOneBudget} does not hold. @internal */
export const budgetProblem = { error: 'say how long to train with either steps or epochs' }

/** The check of the training settings of a recipe. Whether steps are compiled stands here alone: it holds for all trainings, and changes no numbers. @internal */
export const trainingSchema = z.strictObject({ ...trainingFields, compile: z.union([z.boolean(), z.literal('verify')]).optional() }).refine(hasOneBudget, budgetProblem)

/** How to train: budget, batch size, optimiser and learning rate. */
export type TrainingSettings = z.infer<typeof trainingSchema>

/** Training settings that differ from those of the recipe. */
export type TrainingOverrides = z.infer<typeof trainingOverrides>

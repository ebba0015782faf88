import type { TrainingOverrides, TrainingSettings } from './training-schema.js'

const overridden = (settings: TrainingSettings, override: TrainingOverrides): TrainingSettings => {
  const { steps, epochs, batchSize, optimiser, learningRate, momentum, nesterov, weightDecay, schedule, milestones, factor, warmUpSteps, precision } = override
  const budget = steps === undefined && epochs === undefined ? { steps: settings.steps, epochs: settings.epochs } : { steps, epochs }
  return {
    ...budget,
    batchSize: batchSize ?? settings.batchSize,
    optimiser: optimiser ?? settings.optimiser,
    learningRate: learningRate ?? settings.learningRate,
    momentum: momentum ?? settings.momentum,
    nesterov: nesterov ?? settings.nesterov,
    weightDecay: weightDecay ?? settings.weightDecay,
    schedule: schedule ?? settings.schedule,
    milestones: milestones ?? settings.milestones,
    factor: factor ?? settings.factor,
    warmUpSteps: warmUpSteps ?? settings.warmUpSteps,
    precision: precision ?? settings.precision,
  }
}

/**
 * The training settings of one strategy: those of the recipe, and what others say otherwise; the last one has the last word.
 *
 * @param training The recipe's.
 * @param overrides What the strategy's entry, and then the domain, say otherwise.
 * @internal
 */
export const settingsOf = (training: TrainingSettings, ...overrides: readonly TrainingOverrides[]): TrainingSettings => overrides.reduce(overridden, training)

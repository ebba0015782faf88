import type { Optimiser } from '@transferkit/tensor'
import { adam, adamW, constant, cosine, type Schedule, sgd, warmUp } from '@transferkit/training'
import type { StrategyEntry, TrainingSettings } from '../recipe/schema.js'

/**
 * The training settings of one strategy: those of the recipe, and what the strategy's entry says otherwise.
 *
 * @param training The recipe's.
 * @param entry The strategy's.
 * @internal
 */
export const settingsOf = (training: TrainingSettings, entry: StrategyEntry): TrainingSettings => {
  const { steps, epochs, batchSize, optimiser, learningRate, momentum, weightDecay, schedule, warmUpSteps } = entry
  const budget = steps === undefined && epochs === undefined ? { steps: training.steps, epochs: training.epochs } : { steps, epochs }
  return {
    ...budget,
    batchSize: batchSize ?? training.batchSize,
    optimiser: optimiser ?? training.optimiser,
    learningRate: learningRate ?? training.learningRate,
    momentum: momentum ?? training.momentum,
    weightDecay: weightDecay ?? training.weightDecay,
    schedule: schedule ?? training.schedule,
    warmUpSteps: warmUpSteps ?? training.warmUpSteps,
  }
}

/**
 * The optimiser that settings name.
 *
 * @internal
 */
export const optimiserOf = ({ optimiser, momentum, weightDecay }: TrainingSettings): Optimiser => {
  switch (optimiser) {
    case 'sgd':
      return sgd({ momentum, weightDecay })
    case 'adam':
      return adam({ weightDecay })
    case 'adamW':
      return adamW({ weightDecay })
  }
}

/**
 * The learning rate by step that settings name.
 *
 * @internal
 */
export const scheduleOf = ({ schedule, learningRate, warmUpSteps }: TrainingSettings): Schedule => {
  switch (schedule) {
    case 'cosine':
      return cosine(learningRate, { warmUpSteps })
    case 'constant':
      return warmUpSteps === 0 ? constant(learningRate) : warmUp(constant(learningRate), warmUpSteps)
  }
}

import type { Optimiser } from '@transferkit/tensor'
import { adam, adamW, constant, cosine, type Schedule, sgd, type TrainingSettings as TrainingOptions, warmUp } from '@transferkit/training'
import type { TrainingSettings } from '../recipe/training-schema.js'

/** The optimiser that settings name. */
const optimiserOf = ({ optimiser, momentum, nesterov, weightDecay }: TrainingSettings): Optimiser => {
  switch (optimiser) {
    case 'sgd':
      return sgd({ momentum, nesterov, weightDecay })
    case 'adam':
      return adam({ weightDecay })
    case 'adamW':
      return adamW({ weightDecay })
  }
}

/** A rate that falls by a factor at each milestone, given as a share of the training or, from 1 on, in epochs. */
const falling = ({ learningRate, milestones = [], factor, epochs = 1 }: TrainingSettings): Schedule => {
  const shares = milestones.map((milestone) => (milestone < 1 ? milestone : milestone / epochs))
  return (step, totalSteps) => learningRate * factor ** shares.filter((share) => step >= Math.round(share * totalSteps)).length
}

/** The learning rate by step that settings name. */
const scheduleOf = (settings: TrainingSettings): Schedule => {
  const { schedule, learningRate, warmUpSteps } = settings
  switch (schedule) {
    case 'cosine':
      return cosine(learningRate, { warmUpSteps })
    case 'step':
      return warmUp(falling(settings), warmUpSteps)
    case 'constant':
      return warmUp(constant(learningRate), warmUpSteps)
  }
}

/**
 * The options of a training that settings name: how long it is, its batches, its optimiser, the learning rate by step, and what it computes in.
 *
 * @internal
 */
export const optionsOf = (settings: TrainingSettings): Pick<TrainingOptions, 'steps' | 'epochs' | 'precision'> & Required<Pick<TrainingOptions, 'batchSize' | 'optimiser' | 'schedule'>> => {
  const { steps, epochs, batchSize, precision } = settings
  return {
    ...(steps === undefined ? {} : { steps }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(precision === undefined ? {} : { precision }),
    batchSize,
    optimiser: optimiserOf(settings),
    schedule: scheduleOf(settings),
  }
}

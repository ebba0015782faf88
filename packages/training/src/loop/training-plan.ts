import { type BatchTransform, type Dataset, foldIn, type Key, type Optimiser, randomKey, TransferkitError } from '@transferkit/tensor'
import { sgd } from '../optimisers/sgd.js'
import { checkDataset, stepsPerEpoch } from './batches.js'
import type { Identity } from './checkpoint.js'
import { holdOut } from './hold-out.js'
import { phasesOf, type RunPhase } from './phases.js'
import type { TrainingSettings, TrainOptions } from './training-settings.js'

/** Number of looks at a model during a training, unless told otherwise. */
const looks = 20

/** What stays the same during a training: its settings, checked and with their defaults. @internal */
export interface TrainingPlan {
  readonly key: Key
  readonly batchSize: number
  readonly dataset: Dataset
  readonly validation: Dataset | undefined
  readonly transforms: readonly BatchTransform[]
  /** Those of the transforms that are applied to test images. */
  readonly testTransforms: readonly BatchTransform[]
  readonly optimiser: Optimiser
  readonly stepsPerEpoch: number
  readonly totalSteps: number
  readonly phases: readonly RunPhase[]
  /** Number of epochs between two looks at the model. */
  readonly inspectEvery: number
  /** What decides the numbers of the training. */
  readonly identity: Identity
}

const lengthOf = ({ steps, epochs }: TrainingSettings, perEpoch: number): number => {
  const total = steps ?? (epochs === undefined ? undefined : epochs * perEpoch)
  if (total !== undefined && (steps === undefined || epochs === undefined) && Number.isSafeInteger(total) && total > 0) return total
  throw new TransferkitError('training/length', `The length of a training is either 'steps' or 'epochs', a whole number above 0; found steps ${String(steps)} and epochs ${String(epochs)}.`)
}

/**
 * Checks what a training is given, before hours are spent on it, and fills in the defaults.
 *
 * @throws TransferkitError `training/length`, `training/no-validation`, `training/validation-fraction`, `training/phases`, `data/empty` or `data/label-out-of-range`.
 * @internal
 */
export const trainingPlan = (options: TrainOptions): TrainingPlan => {
  const { program, seed, batchSize = 32, transforms = [] } = options
  const key = randomKey(seed)
  checkDataset(options.dataset)
  const { training: dataset, validation } =
    typeof options.validation === 'number' ? holdOut(options.dataset, options.validation, foldIn(key, 'validation')) : { training: options.dataset, validation: options.validation }
  if (validation === undefined && (options.keep === 'best' || options.patience !== undefined)) {
    throw new TransferkitError('training/no-validation', `Keeping the best epoch, or stopping early, needs validation examples. Give 'validation'.`)
  }
  const perEpoch = stepsPerEpoch(dataset.size, batchSize)
  const totalSteps = lengthOf(options, perEpoch)
  const phases = program.phases?.map(({ name, until }) => ({ name, until }))
  return {
    key,
    batchSize,
    dataset,
    validation,
    transforms,
    testTransforms: transforms.filter(({ deterministic }) => deterministic),
    optimiser: options.optimiser ?? sgd({ momentum: 0.9, weightDecay: 5e-4 }),
    stepsPerEpoch: perEpoch,
    totalSteps,
    phases: phasesOf(program, totalSteps),
    inspectEvery: options.inspectEvery ?? Math.ceil(totalSteps / perEpoch / looks),
    identity: { ...options.identity, seed, totalSteps, batchSize, examples: dataset.size, transforms: transforms.map(({ name }) => name), ...(phases === undefined ? {} : { phases }) },
  }
}

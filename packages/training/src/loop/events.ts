import type { Inspection } from '@transferkit/tensor'

/** The training begins, or goes on after it was interrupted. */
export interface TrainingStart {
  /** Kind of event. */
  readonly type: 'training-start'
  /** Number of steps of the whole training. */
  readonly totalSteps: number
  /** Number of steps in an epoch. */
  readonly stepsPerEpoch: number
  /** Number of steps that are done already: 0, or where a checkpoint was taken. */
  readonly step: number
  /** Number of examples that are trained on. */
  readonly examples: number
  /** Number of elements that gradients change. */
  readonly trainedParameters: number
}

/** A phase of the training begins; trainings without phases have no such event. */
export interface PhaseStart {
  /** Kind of event. */
  readonly type: 'phase-start'
  /** Name of the phase. */
  readonly name: string
  /** Number of steps that are done. */
  readonly step: number
  /** Number of elements that gradients change in this phase. */
  readonly trainedParameters: number
}

/** The features of a frozen prefix are there; the steps that follow train on them. */
export interface FeaturesCached {
  /** Kind of event. */
  readonly type: 'features-cached'
  /** Number of steps that are done. */
  readonly step: number
  /** What was computed, as the prefix calls it. */
  readonly prefix: string
  /** Number of examples. */
  readonly examples: number
  /** Size of all features. */
  readonly bytes: number
  /** Where they came from; `computed` when some of them had to be computed, `disk` when some were read from there. */
  readonly from: 'computed' | 'memory' | 'disk'
  /** Time that it took, in seconds. */
  readonly seconds: number
  /** What went wrong without doing harm, in sentences, such as a disk that is full. */
  readonly notes: readonly string[]
}

/** A step is done and its numbers were read. */
export interface StepEnd {
  /** Kind of event. */
  readonly type: 'step-end'
  /** Number of steps that are done. */
  readonly step: number
  /** Number of steps of the whole training. */
  readonly totalSteps: number
  /** Loss of the batch. */
  readonly loss: number
  /** All numbers of the step by name, such as `loss`, `accuracy` (of the batch, 0 to 1) and the terms of regularisers. */
  readonly metrics: Readonly<Record<string, number>>
  /** Learning rate of the step. */
  readonly learningRate: number
  /** Training speed since the event before; without validation and checkpoints. */
  readonly examplesPerSecond: number
}

/** Numbers of an epoch, kept in the result. */
export interface EpochSummary {
  /** Number of epochs that are done, counted from 1; the last one may be cut short by the number of steps. */
  readonly epoch: number
  /** Number of steps that are done. */
  readonly step: number
  /** Mean loss of the epoch's batches, over those that were read. */
  readonly trainingLoss: number
  /** Mean accuracy of the epoch's batches, 0 to 1, over those that were read. */
  readonly trainingAccuracy: number
  /** Accuracy on the validation set, 0 to 1, where there is one. */
  readonly validationAccuracy?: number
  /** Mean cross-entropy on the validation set, where there is one. */
  readonly validationLoss?: number
  /** What the strategy has to look at, in the epochs that look. */
  readonly inspections: readonly Inspection[]
}

/** An epoch is done. */
export interface EpochEnd extends EpochSummary {
  /** Kind of event. */
  readonly type: 'epoch-end'
}

/** A checkpoint was saved; the training can be resumed from it. */
export interface CheckpointSaved {
  /** Kind of event. */
  readonly type: 'checkpoint-saved'
  /** Number of steps that were done. */
  readonly step: number
}

/** The training is over. */
export interface TrainingEnd {
  /** Kind of event. */
  readonly type: 'training-end'
  /** Number of steps that were done. */
  readonly step: number
  /** Time spent in training, in seconds, with what was spent before an interruption. */
  readonly seconds: number
  /** Whether all steps were done, or validation stopped getting better. */
  readonly reason: 'finished' | 'early-stopping'
}

/** What happens during a training, in order. */
export type TrainingEvent = TrainingStart | PhaseStart | FeaturesCached | StepEnd | EpochEnd | CheckpointSaved | TrainingEnd

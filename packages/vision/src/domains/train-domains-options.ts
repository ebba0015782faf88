import type { BatchTransform, Compile, Dataset, Optimiser, Precision, Strategy, TrainedNetwork } from '@transferkit/tensor'
import type { CheckpointSaved, Schedule, StepEnd, TargetModel, TrainingEnd } from '@transferkit/training'
import type { DomainSet } from './domain-set.js'

/** A domain of a joint training. */
export interface DomainTask {
  /** Name of the domain. */
  readonly name: string
  /** Labelled examples. */
  readonly dataset: Dataset
  /** How the model is built, such as adapters with a weight decay of their own for little data; as for all domains unless told. */
  readonly strategy?: Strategy
  /** What is done to each batch; as for all domains unless told. */
  readonly transforms?: readonly BatchTransform[]
  /** Number of examples in a batch; as for all domains unless told. */
  readonly batchSize?: number
  /** A model to go on from, with the strategy that it was built by; a new model unless told. It is left as it is. */
  readonly model?: TargetModel
}

/** What {@link trainDomains} is given. The defaults are those of `train`, unless they say otherwise. */
export interface TrainDomainsOptions {
  /** The base network; it is left as it is. */
  readonly source: TrainedNetwork
  /** How the models are built, such as `parallelAdapters()`. The option `train` of adapters follows `shared`. */
  readonly strategy: Strategy
  /** The domains, in the order of their turns. */
  readonly domains: readonly DomainTask[]
  /** Number of rounds; in each, every domain has one step. */
  readonly rounds: number
  /** Whether the filters that the domains have in common stay as they are, or are trained by all of them in turn; frozen unless told. */
  readonly shared?: 'frozen' | 'trained'
  /**
   * What happens to the private parameters of the other domains in a step: nothing (`absent`, unless told; our choice), or a step with a gradient of 0, in which momentum and
   * weight decay go on (`zero`), as the official code did with the PyTorch of its time. A domain that had no turn yet is not touched in either.
   */
  readonly untouched?: 'absent' | 'zero'
  /** Number of examples in a batch, 32 unless told. */
  readonly batchSize?: number
  /** What is done to each batch; nothing unless told. The deterministic ones are also done to test images. */
  readonly transforms?: readonly BatchTransform[]
  /** From gradients to parameters; SGD with momentum 0.9 and weight decay 5e-4 unless told. Shared parameters have a memory of their own, and so has each domain. */
  readonly optimiser?: Optimiser
  /** Learning rate by round; a cosine from 0.01 to 0 unless told. */
  readonly schedule?: Schedule
  /** Start of all randomness, 1 unless told. The numbers of a domain depend on its name, not on its place among the others. */
  readonly seed?: number
  /** Stops the training after the current step, with a checkpoint where they are saved. */
  readonly signal?: AbortSignal
  /** Number of steps between checkpoints; only at the end of an interrupted training unless told. */
  readonly checkpointEvery?: number
  /**
   * Saves a checkpoint; without it none are taken.
   *
   * @param bytes A safetensors file, to be given back as `resumeFrom`.
   * @param step Number of steps that were done.
   */
  readonly saveCheckpoint?: (bytes: Uint8Array, step: number) => Promise<void> | void
  /** A checkpoint to go on from; the training then gives the same numbers as one that was never interrupted. */
  readonly resumeFrom?: Uint8Array
  /** Number of steps between two readings of the loss, 1 unless told. */
  readonly readEvery?: number
  /** Makes the training steps faster, such as the `compile` of an open runtime. */
  readonly compile?: Compile
  /** What the compiled training steps compute in, `float32` unless told; see `precision` of `train`. */
  readonly precision?: Precision
}

/** A joint training begins, or goes on after it was interrupted. */
export interface DomainTrainingStart {
  /** Kind of event. */
  readonly type: 'training-start'
  /** Number of steps of the whole training: rounds times domains. */
  readonly totalSteps: number
  /** Number of steps that are done already. */
  readonly step: number
  /** Names of the domains, in the order of their turns. */
  readonly domains: readonly string[]
  /** Number of elements that gradients change, those of all domains and the shared ones. */
  readonly trainedParameters: number
}

/** A step of a domain is done and its numbers were read. */
export interface DomainStepEnd extends StepEnd {
  /** Name of the domain. */
  readonly domain: string
}

/** What happens during a joint training, in order. */
export type DomainTrainingEvent = DomainTrainingStart | DomainStepEnd | CheckpointSaved | TrainingEnd

/** Result of {@link trainDomains}. */
export interface TrainedDomains {
  /**
   * The models on their base: the one given, or, where the shared filters were trained, a new one, whose tensors belong to the caller like those of the models.
   */
  readonly set: DomainSet
  /** Number of steps that were done. */
  readonly steps: number
  /** Time that the steps took, in seconds, with what was spent before an interruption. */
  readonly seconds: number
}

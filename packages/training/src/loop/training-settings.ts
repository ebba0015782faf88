import type { AnyTensorTree, BatchTransform, Compile, Dataset, Optimiser, Precision, ProgramVariables, TransferProgram } from '@transferkit/tensor'
import type { Schedule } from '../schedules/schedule.js'
import type { EpochSummary } from './events.js'
import type { FeatureStore } from './feature-store.js'

/** How to train; everything has a default but the length. The defaults are our choice, unless they say otherwise. */
export interface TrainingSettings {
  /** Number of steps; give this or `epochs`. */
  readonly steps?: number
  /** Number of passes over the data; give this or `steps`. */
  readonly epochs?: number
  /** Number of examples in a step, 32 unless told; a smaller data set is one batch. */
  readonly batchSize?: number
  /** From gradients to parameters; SGD with momentum 0.9 and weight decay 5e-4 unless told, which is customary for fine-tuning. */
  readonly optimiser?: Optimiser
  /** Learning rate by step; a cosine from 0.01, which is customary for fine-tuning, to 0 unless told. */
  readonly schedule?: Schedule
  /** What is done to each training batch, in this order; nothing unless told. The deterministic ones are also done to test images. */
  readonly transforms?: readonly BatchTransform[]
  /** Examples to validate on after each epoch: a data set, or the fraction of each class to hold out; none unless told. */
  readonly validation?: Dataset | number
  /** Number of validations without a better accuracy after which the training stops, in whichever phase; never unless told. */
  readonly patience?: number
  /** Whether the model after the last step is kept, or the one with the best validation accuracy; the last unless told. */
  readonly keep?: 'last' | 'best'
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
  /** Number of steps between two readings of loss and metrics, 1 unless told. Reading waits for the backend; it is also when a loss that is not finite is found. */
  readonly readEvery?: number
  /** Number of epochs between two looks at what the strategy has to show, with one at the end; 0 for none, about 20 looks in all unless told. */
  readonly inspectEvery?: number
  /** Makes the training step faster, such as the `compile` of an open runtime; the step runs op by op unless told. The numbers are the same. */
  readonly compile?: Compile
  /** What the compiled training step computes in, `float32` unless told. With `bfloat16` the parameters, the optimiser and all statistics stay in float32. */
  readonly precision?: Precision
  /**
   * Where features of frozen prefixes are kept: memory, for this training only, unless told; false to compute them in every step.
   *
   * They are computed once an example where all transforms are deterministic and the phase looks at more examples than the data set has; else the training is as without.
   */
  readonly features?: FeatureStore | false
  /** Source-domain examples, for strategies that use them. */
  readonly sourceData?: Dataset
}

/** What `train` is given. */
export interface TrainOptions extends TrainingSettings {
  /** The target model. */
  readonly program: TransferProgram
  /** Labelled examples. */
  readonly dataset: Dataset
  /** Start of all randomness: the same seed gives the same training, bit for bit, on the same backend. */
  readonly seed: number
  /** Tensors that belong to somebody else, such as the source's; they are never freed. */
  readonly shared?: AnyTensorTree
  /** What else decides the numbers of the training, such as the strategy's options; a checkpoint fits only the same. */
  readonly identity?: Readonly<Record<string, unknown>>
}

/** Result of `train`. */
export interface Trained {
  /** The trained model, as the program publishes it. It belongs to the caller, except for shared tensors. */
  readonly variables: ProgramVariables
  /** The epochs. */
  readonly history: readonly EpochSummary[]
  /** Number of elements that gradients changed. */
  readonly trainedParameters: number
  /** Number of steps that were done. */
  readonly steps: number
  /** Time that the training took, in seconds, with what was spent before an interruption. */
  readonly seconds: number
}

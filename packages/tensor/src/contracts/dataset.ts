import type { Key } from '../random/key.js'

/** What the examples of a data set are labelled with. */
export interface ClassificationTask {
  /** Kind of task, for a program to decide on. */
  readonly kind: 'classification'
  /** Names of the classes; a label is a position in this list. */
  readonly classes: readonly string[]
}

/** Element types that a data set stores its examples in. */
export type ExampleData = Uint8Array | Float32Array | Int32Array

/** A batch on the host: examples side by side, ready to become one tensor. */
export interface HostBatch {
  /** Values of all examples, one after the other. */
  readonly inputs: ExampleData
  /** Shape of `inputs`, `[batch, ...exampleShape]`. */
  readonly shape: readonly number[]
  /** One label an example, as a position in the task's `classes`. */
  readonly labels: Int32Array
  /** Position of each example in the data set that it came from, for caches keyed by example. */
  readonly indices: Int32Array
}

/**
 * A finite set of labelled examples of one shape that can be read by position.
 *
 * A data set is a value: reading does not change it, and every random choice takes a {@link Key}. Images are NHWC without the batch axis,
 * `[height, width, channel]`, as they were stored (bytes stay bytes); normalisation is a step of the input pipeline.
 */
export interface Dataset {
  /** Version of this contract. */
  readonly specVersion: 1
  /** Name for reports and messages, such as `mnist/train`. */
  readonly name: string
  /** What the labels mean. */
  readonly task: ClassificationTask
  /** Number of examples. */
  readonly size: number
  /** Shape of one example, such as `[28, 28, 1]`. */
  readonly exampleShape: readonly number[]
  /** Labels of all examples, in order. */
  readonly labels: Int32Array
  /**
   * Reads some examples, in the order asked for.
   *
   * @param indices Positions in this data set; each is at least 0 and below `size`.
   * @throws TransferkitError `dataset/index-out-of-range` for any other position.
   */
  read(indices: readonly number[] | Int32Array): Promise<HostBatch> | HostBatch
  /**
   * The order in which an epoch goes through the examples; a uniform permutation unless told. Batches are consecutive runs of it.
   *
   * For sets whose batches are cheaper when like examples stand together, such as texts of about the same length.
   *
   * @param key Source of randomness; each epoch has its own.
   * @param batchSize Number of examples in a batch.
   * @returns Every position once.
   */
  order?(key: Key, batchSize: number): Int32Array
}

/**
 * A pure function of a key that changes a batch on the host: a crop, a flip, a normalisation.
 *
 * The same key gives the same result; a transform that makes no random choice ignores it.
 */
export interface BatchTransform {
  /** Name and settings for the record of a run, such as `pad-crop(4)`. */
  readonly name: string
  /**
   * Whether it makes no random choice, so that it is also applied to test images, and what is computed from its result may be computed
   * once an example and kept.
   */
  readonly deterministic: boolean
  /**
   * Shape of an example after the transform.
   *
   * @param exampleShape Shape of an example before it.
   * @throws TransferkitError When the transform cannot be applied to that shape.
   */
  outputShape(exampleShape: readonly number[]): readonly number[]
  /**
   * Transforms a batch.
   *
   * @param batch The batch; it is left as it is.
   * @param key Source of randomness.
   */
  apply(batch: HostBatch, key: Key): HostBatch
}

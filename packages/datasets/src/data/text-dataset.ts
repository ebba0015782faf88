import type { ClassificationTask } from '@transferkit/tensor'

/** Some labelled texts. */
export interface TextBatch {
  /** The texts. */
  readonly texts: readonly string[]
  /** The second text of each example, for tasks on pairs of texts (entailment, paraphrase). */
  readonly secondTexts?: readonly string[]
  /** One label an example, as a position in the task's `classes`. */
  readonly labels: Int32Array
  /** Position of each example in the data set that it was read from. */
  readonly indices: Int32Array
}

/** A finite set of labelled texts, or pairs of texts, that can be read by position. */
export interface TextDataset {
  /** Version of this contract. */
  readonly specVersion: 1
  /** Name for reports and messages, such as `sst2/train`. */
  readonly name: string
  /** What the labels mean. */
  readonly task: ClassificationTask
  /** Number of examples. */
  readonly size: number
  /** Whether an example is a pair of texts. */
  readonly paired: boolean
  /** Labels of all examples, in order. */
  readonly labels: Int32Array
  /**
   * Reads some examples, in the order asked for.
   *
   * @param indices Positions in this data set; each is at least 0 and below `size`.
   * @throws TransferkitError `dataset/index-out-of-range` for any other position.
   */
  read(indices: readonly number[] | Int32Array): Promise<TextBatch> | TextBatch
}

import { type BatchTransform, type Dataset, type Logits, randomKey, read, release, scope, type Tensor, TransferkitError } from '@transferkit/tensor'
import { consecutive, inputsOf, readBatch } from '../loop/batches.js'

/** How good a classifier is on a data set. */
export interface Evaluation {
  /** Share of the examples that are classified rightly, 0 to 1. */
  readonly accuracy: number
  /** Mean cross-entropy, in nats. */
  readonly loss: number
  /** Number of examples. */
  readonly examples: number
  /** Share of the examples of each class that are classified rightly, 0 to 1, by position in `classes`; NaN for a class without examples. */
  readonly classAccuracy: readonly number[]
  /** How many examples of each class (row) were taken for each class (column). */
  readonly confusion: readonly (readonly number[])[]
  /** Names of the classes. */
  readonly classes: readonly string[]
}

/** Settings of {@link evaluate}. */
export interface EvaluateOptions {
  /** What is done to each batch; nothing unless told. Random transforms have no place here. */
  readonly transforms?: readonly BatchTransform[]
  /** Number of examples at a time, 128 unless told. */
  readonly batchSize?: number
}

/** Position of the largest score. @internal */
export const largestPosition = (scores: ArrayLike<number>): number => {
  let best = 0
  for (let index = 1; index < scores.length; index++) if ((scores[index] ?? 0) > (scores[best] ?? 0)) best = index
  return best
}

/** Logarithms of the softmax of some scores. @internal */
export const logProbabilities = (scores: Float32Array): Float64Array => {
  const largest = scores[largestPosition(scores)] ?? 0
  const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)
  return Float64Array.from(scores, (score) => score - largest - Math.log(total))
}

/**
 * Classifies a whole data set and compares with its labels.
 *
 * @param logitsOf Scores of one batch, in inference mode.
 * @param dataset The data set, with its own labels.
 * @param options Transforms and batch size.
 * @throws TransferkitError `evaluation/not-finite` when a score is not a finite number.
 *
 * @example
 * ```ts
 * import type { Dataset } from '@transferkit/tensor'
 * import { evaluate, type TargetModel } from '@transferkit/training'
 *
 * const accuracyOn = async (model: TargetModel, dataset: Dataset) => (await evaluate(model.logits, dataset)).accuracy
 * ```
 */
export const evaluate = async (logitsOf: (inputs: Tensor) => Logits, dataset: Dataset, { transforms = [], batchSize = 128 }: EvaluateOptions = {}): Promise<Evaluation> => {
  const { classes } = dataset.task
  const confusion = classes.map(() => classes.map(() => 0))
  let loss = 0
  for (const indices of consecutive(dataset.size, batchSize)) {
    // Transforms without random choice ignore their key.
    const batch = await readBatch(dataset, indices, transforms, randomKey(0))
    const scores = await readLogits(logitsOf, () => inputsOf(batch))
    const width = scores.length / indices.length
    batch.labels.forEach((label, row) => {
      const own = scores.subarray(row * width, (row + 1) * width)
      if (!own.every(Number.isFinite)) {
        throw new TransferkitError('evaluation/not-finite', `The scores of example ${batch.indices[row] ?? row} of '${dataset.name}' are not finite numbers. Has the training diverged? Try a lower learning rate.`)
      }
      loss -= logProbabilities(own)[label] ?? Number.NaN
      const counts = confusion[label]
      const predicted = largestPosition(own)
      if (counts !== undefined) counts[predicted] = (counts[predicted] ?? 0) + 1
    })
  }
  const right = confusion.map((row, label) => row[label] ?? 0)
  const ofClass = confusion.map((row) => row.reduce((total, count) => total + count, 0))
  return {
    accuracy: right.reduce((total, count) => total + count, 0) / dataset.size,
    loss: loss / dataset.size,
    examples: dataset.size,
    classAccuracy: right.map((count, label) => count / (ofClass[label] ?? 0)),
    confusion,
    classes,
  }
}

/** Scores of a batch on the host. @internal */
export const readLogits = async (logitsOf: (inputs: Tensor) => Logits, inputs: () => Tensor): Promise<Float32Array> => {
  const logits = scope(() => logitsOf(inputs()))
  try {
    return await read(logits)
  } finally {
    release(logits)
  }
}

import {
  type AnyTensor,
  type BatchTransform,
  type ClassificationTask,
  type Dataset,
  type HostBatch,
  inference,
  type InspectedStep,
  leavesOf,
  type Logits,
  type ProgramVariables,
  randomKey,
  release,
  type Strategy,
  type Tensor,
  type TrainedNetwork,
  TransferkitError,
  type TransferProgram,
} from '@transferkit/tensor'
import { inputsOf, transformedShape } from '../loop/batches.js'
import { evaluate, type Evaluation, largestPosition, logProbabilities, readLogits } from '../metrics/evaluate.js'
import { type ArtefactBytes, createArtefact } from './create-artefact.js'
import { belongsTo } from './private-trees.js'

/** What a model says about one image. */
export interface Prediction {
  /** Name of the most probable class. */
  readonly label: string
  /** Position of that class in the task's list. */
  readonly index: number
  /** Probability of that class, 0 to 1. */
  readonly probability: number
  /** Probabilities of all classes, in the order of the task. */
  readonly probabilities: readonly number[]
}

/** What a target model consists of. */
export interface TargetModelParts {
  /** The strategy that built it. */
  readonly strategy: Strategy
  /** The source that it was built on. */
  readonly source: TrainedNetwork
  /** Its functions. */
  readonly program: TransferProgram
  /** Its tensors. Those of the source belong to the source. */
  readonly variables: ProgramVariables
  /** What it tells apart. */
  readonly task: ClassificationTask
  /** Shape of one example as the network sees it. */
  readonly inputShape: readonly number[]
  /** What is done to each image before the network sees it. */
  readonly transforms: readonly BatchTransform[]
  /** Anything else to keep with the model, as plain data. */
  readonly record: Readonly<Record<string, unknown>>
  /** What there was to look at during the training beside the model; none for strategies whose training has nothing beside it. */
  readonly inspections?: readonly InspectedStep[]
}

/** A model for the target task: what a transfer gives, and what loading its artefact gives back. */
export interface TargetModel extends TargetModelParts {
  /**
   * Scores of one batch that is transformed already.
   *
   * @param inputs One batch.
   */
  readonly logits: (inputs: Tensor) => Logits
  /**
   * Classifies images as they were stored; they are transformed as in training, without augmentation.
   *
   * @param images One or more images of one shape.
   * @throws TransferkitError `model/input-shape` when they do not have the shape that the network takes.
   */
  predict(images: Pick<HostBatch, 'inputs' | 'shape'>): Promise<readonly Prediction[]>
  /**
   * Classifies a data set and compares with its labels.
   *
   * @param dataset Images as they were stored.
   * @throws TransferkitError `evaluation/not-finite` when the model gives NaN or infinity.
   */
  evaluate(dataset: Dataset): Promise<Evaluation>
  /** What is private to the target, as the two files of a transfer artefact. */
  artefact(): Promise<ArtefactBytes>
  /** Frees the model's tensors, except for those of the source. */
  release(): void
}

/**
 * A target model from its parts, for training loops of one's own.
 *
 * @param parts Program, tensors, source, and what the model is for.
 * @returns The model; its `predict` and `evaluate` throw what {@link TargetModel} says.
 *
 * @example
 * ```ts
 * import { targetModel, type TargetModelParts } from '@transferkit/training'
 *
 * const renamed = (parts: TargetModelParts, classes: string[]) => targetModel({ ...parts, task: { kind: 'classification', classes } })
 * ```
 */
export const targetModel = (parts: TargetModelParts): TargetModel => {
  const { program, variables, transforms, task, inputShape, source } = parts
  const logits = (inputs: Tensor): Logits => program.forward(variables, inputs, inference).logits

  const prepared = ({ inputs, shape }: Pick<HostBatch, 'inputs' | 'shape'>): HostBatch => {
    const [count = 0, ...exampleShape] = shape
    const found = transformedShape(exampleShape, transforms)
    if (String(found) !== String(inputShape)) {
      throw new TransferkitError('model/input-shape', `The images are [${exampleShape.join(', ')}], which the transforms make [${found.join(', ')}], but the network takes [${inputShape.join(', ')}]. Resize them first.`)
    }
    const batch: HostBatch = { inputs, shape, labels: new Int32Array(count), indices: Int32Array.from({ length: count }, (_, index) => index) }
    // Transforms without random choice ignore their key.
    return transforms.reduce((current, transform) => transform.apply(current, randomKey(0)), batch)
  }

  const model: TargetModel = {
    ...parts,
    logits,
    predict: async (images) => {
      const batch = prepared(images)
      const scores = await readLogits(logits, () => inputsOf(batch))
      const width = task.classes.length
      return Array.from(batch.labels, (_, row) => {
        const probabilities = Array.from(logProbabilities(scores.subarray(row * width, (row + 1) * width)), Math.exp)
        const index = largestPosition(probabilities)
        return { label: task.classes[index] ?? '', index, probability: probabilities[index] ?? 0, probabilities }
      })
    },
    evaluate: (dataset) => evaluate(logits, dataset, { transforms }),
    artefact: () => createArtefact(parts),
    release: () => {
      const isSource = belongsTo(source)
      release(leavesOf<AnyTensor>({ ...variables }).filter((leaf) => !isSource(leaf)))
    },
  }
  return model
}

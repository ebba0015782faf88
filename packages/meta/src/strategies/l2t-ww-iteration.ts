import {
  add,
  argMax,
  type Batch,
  branchAt,
  cast,
  equal,
  inference,
  innerProduct,
  type Key,
  mean,
  type Network,
  type Optimiser,
  partitionTree,
  type Scalar,
  scalar,
  scope,
  softmaxCrossEntropy,
  type StepInputs,
  type StepOutputs,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  trainingMode,
  valueAndGradWithAuxiliary,
} from '@transferkit/tensor'
import { metaGradient, type MetaGradient, type MetaGradientOptions } from '../bilevel/meta-gradient.js'
import type { BilevelProblem } from '../bilevel/bilevel-problem.js'
import { unroll, type Unrolled } from '../bilevel/unroll.js'
import { keptPairs, pruned } from '../matching/pruning.js'
import { matchingLoss, type PairWeights, pairWeights, type SourceFeatures, sourceFeatures, type WeightedMatching } from '../matching/weighted-matching.js'
import { explodingMetric, firstExploding } from './exploding.js'

/** What stays the same in all iterations. @internal */
export interface IterationSettings {
  readonly source: TrainedNetwork
  readonly network: Network
  readonly matching: WeightedMatching
  readonly innerSteps: number
  readonly metaGradient: MetaGradientOptions
  readonly metaOptimiser: Optimiser
  readonly metaLearningRate: number
  readonly statistics: 'reference' | 'rolledBack'
  readonly affineOptimiser: boolean
  /** Steps with a weight of 0 after which a pair is dropped; 0 for never. */
  readonly pruneAfter: number
}

/** Name of the projections among the parameters. @internal */
export const projectionsBranch = 'projections'

/** What an iteration went through, besides where it ended. @internal */
export interface Iteration extends StepOutputs {
  /** `w` and `λ` of the batch, by position of the pair. */
  readonly weights: readonly PairWeights[]
  /** What each pair added to the loss of the regular step, by name. */
  readonly pairLosses: Readonly<Record<string, Scalar>>
  /** Gradient of the regular step. */
  readonly regularGradient: TensorTree
  /** The inner steps and the task step. */
  readonly unrolled: Unrolled
  /** `∇φ J` and where it comes from. */
  readonly meta: MetaGradient
}

const accuracyOf = (logits: Tensor<readonly ['batch', 'class']>, labels: Batch['labels']): Scalar => mean(cast(equal(argMax(logits), labels), 'float32'))

interface Losses {
  /** Cross-entropy of the target network, and the state and scores of the pass. */
  task(params: TensorTree, state: TensorTree): { readonly value: Scalar; readonly auxiliary: { readonly state: TensorTree; readonly accuracy: Scalar } }
  /** The matching loss alone. */
  matching(params: TensorTree, state: TensorTree, meta: TensorTree): { readonly value: Scalar; readonly auxiliary: { readonly state: TensorTree; readonly pairLosses: Readonly<Record<string, Scalar>> } }
  /** Both together, with given weights. */
  regular(
    params: TensorTree,
    state: TensorTree,
    weights: readonly PairWeights[],
  ): { readonly value: Scalar; readonly auxiliary: { readonly state: TensorTree; readonly task: Scalar; readonly matching: Scalar; readonly accuracy: Scalar; readonly pairLosses: Readonly<Record<string, Scalar>> } }
}

/** The losses of one batch. Batch norm uses the batch in all of them, so that no value depends on running statistics. */
const lossesOf = ({ network, matching }: IterationSettings, batch: Batch, key: Key, features: readonly SourceFeatures[], kept: Tensor | undefined): Losses => {
  const pass = (params: TensorTree, state: TensorTree): ReturnType<Network['apply']> => network.apply({ params, state }, batch.inputs, trainingMode(key))
  const crossEntropy = (logits: Tensor<readonly ['batch', 'class']>): Scalar => {
    const losses: Tensor = softmaxCrossEntropy(logits, batch.labels)
    return mean(losses)
  }
  const match = (params: TensorTree, taps: ReturnType<Network['apply']>['taps'], weights: readonly PairWeights[]): ReturnType<typeof matchingLoss> =>
    matchingLoss(matching, features, taps, branchAt(params, projectionsBranch), weights)
  return {
    task: (params, state) => {
      const applied = pass(params, state)
      return { value: crossEntropy(applied.output), auxiliary: { state: applied.state, accuracy: accuracyOf(applied.output, batch.labels) } }
    },
    matching: (params, state, meta) => {
      const applied = pass(params, state)
      const { loss, pairs: pairLosses } = match(params, applied.taps, pairWeights(matching, features, meta, kept))
      return { value: loss, auxiliary: { state: applied.state, pairLosses } }
    },
    regular: (params, state, weights) => {
      const applied = pass(params, state)
      const [task, { loss, pairs: pairLosses }] = [crossEntropy(applied.output), match(params, applied.taps, weights)]
      return { value: add(task, loss), auxiliary: { state: applied.state, task, matching: loss, accuracy: accuracyOf(applied.output, batch.labels), pairLosses } }
    },
  }
}

const featuresOf = ({ source, matching }: IterationSettings, { inputs }: Batch): readonly SourceFeatures[] =>
  scope(() => sourceFeatures(matching.pairs, source.network.apply(source.variables, inputs, inference).taps))

const updateOf =
  ({ optimiser, learningRate }: StepInputs): BilevelProblem['update'] =>
  ({ params, memory }, gradients) => {
    const result = optimiser.update(gradients, memory, params, { learningRate })
    return { params: result.params, memory: result.state }
  }

/** `T` steps on the matching loss and one on the cross-entropy; the cross-entropy behind them is what counts. */
const problemOf = (settings: IterationSettings, inputs: StepInputs, losses: Losses, state: TensorTree): BilevelProblem => ({
  inner: [
    ...Array.from({ length: settings.innerSteps }, () => ({ name: 'matching', evaluate: (params: TensorTree, meta: TensorTree) => losses.matching(params, state, meta) })),
    {
      name: 'task',
      dependsOnMeta: false,
      evaluate: (params) => {
        const { value, auxiliary } = losses.task(params, state)
        return { value, auxiliary: { state: auxiliary.state } }
      },
    },
  ],
  update: updateOf(inputs),
  isAffine: settings.affineOptimiser,
  outer: (params) => losses.task(params, state).value,
})

const pruningOf = ({ extra }: StepInputs['training']): TensorTree | undefined => ('pruning' in extra ? branchAt(extra, 'pruning') : undefined)

const keptBy = ({ training }: StepInputs): Tensor | undefined => {
  const pruning = pruningOf(training)
  return pruning && keptPairs(pruning)
}

/** The bilevel problem of an iteration by itself. @internal */
export const iterationProblem = (settings: IterationSettings, inputs: StepInputs, state: TensorTree): BilevelProblem =>
  problemOf(settings, inputs, lossesOf(settings, inputs.batch, inputs.key, featuresOf(settings, inputs.batch), keptBy(inputs)), state)

/**
 * One iteration of L2T-ww, in three stages on one batch: a regular step on both losses; from there `T` steps on the matching loss and one on the cross-entropy, whose
 * end tells the meta-networks how good their weights were; and the roll-back to the state after the regular step.
 *
 * @internal
 */
export const l2tWwIteration = (settings: IterationSettings, inputs: StepInputs): Iteration => {
  const { training, batch, key } = inputs
  const { matching, metaOptimiser } = settings
  const [kept, pruning] = [keptBy(inputs), pruningOf(training)]
  const [meta, metaMemory] = [branchAt(training.extra, 'meta'), branchAt(training.extra, 'optimiser')]
  const features = featuresOf(settings, batch)
  const weights = pairWeights(matching, features, meta, kept)
  const losses = lossesOf(settings, batch, key, features, kept)

  const regular = valueAndGradWithAuxiliary((params: TensorTree) => losses.regular(params, training.state, weights))(training.params)
  const after = scope(() => updateOf(inputs)({ params: training.params, memory: training.optimiser }, regular.gradient, meta))
  const { state, pairLosses, ...reported } = regular.auxiliary

  const problem = problemOf(settings, inputs, losses, state)
  const unrolled = unroll(problem, after, meta)
  const found = metaGradient(problem, unrolled, meta, settings.metaGradient)
  const moved = scope(() => metaOptimiser.update(found.gradient, metaMemory, meta, { learningRate: scalar(settings.metaLearningRate) }))
  // The first inner pass is at the point that is rolled back to: the official code runs it once more, and its update of the statistics stays.
  const statistics = settings.statistics === 'reference' ? branchAt(unrolled.steps[0]?.auxiliary ?? { state }, 'state') : state
  const lossesIn = (byPair: TensorTree): readonly Scalar[] => matching.pairs.map(({ name }) => branchAt(byPair, name) as unknown as Scalar) // A leaf
  const lengthOf = (name: string): Scalar => {
    const part = partitionTree(found.gradient, (path) => path.split('.')[1] === name).selected
    return innerProduct(part, part)
  }
  return {
    training: { params: after.params, optimiser: after.memory, state: statistics, extra: { meta: moved.params, optimiser: moved.state, ...(pruning === undefined ? {} : { pruning: pruned(pruning, weights, settings.pruneAfter) }) } },
    metrics: {
      ...reported,
      loss: regular.value,
      outer: found.value,
      [explodingMetric]: firstExploding({ task: reported.task, regular: lossesIn(pairLosses), inner: unrolled.steps.slice(0, -1).map(({ auxiliary }) => lossesIn(branchAt(auxiliary, 'pairLosses'))), outer: found.value, metaGradient: matching.pairs.map(({ name }) => lengthOf(name)) }),
      ...Object.fromEntries(matching.pairs.map(({ name }, index) => [`lambda ${name}`, meanOf(weights[index])])),
    },
    weights,
    pairLosses,
    regularGradient: regular.gradient,
    unrolled,
    meta: found,
  }
}

/** Mean of `λ` over the batch. */
const meanOf = (weights: PairWeights | undefined): Scalar => (weights === undefined ? scalar(0) : mean(weights.where))

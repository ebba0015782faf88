import { meanOverPositions } from '@transferkit/gates'
import {
  add,
  branchAt,
  concat,
  denseLayer,
  foldIn,
  type Forward,
  type FrozenPrefix,
  inference,
  type Key,
  type Logits,
  type LossInputs,
  type LossOutputs,
  mean,
  mergeTrees,
  type Mode,
  moments,
  multiply,
  network,
  type Network,
  partitionTree,
  type ProgramVariables,
  reshape,
  runStages,
  scope,
  softmaxCrossEntropy,
  split,
  sqrt,
  stopGradient,
  type Strategy,
  type StrategyDefinition,
  type Tensor,
  type TensorTree,
  type TrainingPhase,
  type TransferContext,
  type TransferProgram,
  type Variables,
  type Vectors,
} from '@transferkit/tensor'
import { classificationLoss, defineStrategy, networkProgram } from '@transferkit/training'
import { inspectFeatureGate } from './gtn-inspection.js'
import { gatedNetwork, isNew, openingTap, parts } from './gtn-network.js'
import { type FullGtnOptions, type GtnOptions, gtnOptions } from './gtn-options.js'
import { type GtnPlaces, gtnPlaces } from './gtn-places.js'

const withoutAuxiliary = (params: TensorTree): TensorTree => partitionTree(params, (path) => !path.startsWith(`${parts.auxiliary}.`)).selected

/**
 * The program that trains a gated network: with the auxiliary classifier beside it, and with the source's part frozen at first.
 *
 * @param context The source and the target's classes.
 * @param places Where gate and auxiliary classifier stand.
 * @param gated What {@link gatedNetwork} made of them.
 * @param options Options of the strategy.
 */
export const gtnProgram = ({ source, task }: TransferContext, places: GtnPlaces, gated: Network, options: FullGtnOptions): TransferProgram => {
  const { early } = places
  const late = gated.stages.slice(early.length)
  const gatedProgram = networkProgram({ network: gated, source, startsFromSource: (path) => !isNew(path), trains: () => true, staysInInference: () => false })
  const auxiliary = denseLayer({ units: gated.classes, bias: false })
  const auxiliaryWidth = places.auxiliary?.shape.at(-1) ?? 0

  const init = (key: Key): ProgramVariables =>
    scope(() => {
      const start = gatedProgram.init(key)
      if (places.auxiliary === undefined) return start
      const { params } = auxiliary.init(foldIn(key, parts.auxiliary), [1, auxiliaryWidth])
      return { ...start, params: mergeTrees(start.params, { [parts.auxiliary]: params }) }
    })

  /** `GAP(u)`, with `u` what the auxiliary classifier reads. */
  const auxiliaryFeature = (taps: Forward['taps']): Tensor | undefined => {
    const read = places.auxiliary && taps[places.auxiliary.tap]
    return read && meanOverPositions(read)
  }

  /** `GAP(u) W_aux`, while the auxiliary classifier is there: a trained model has none. */
  const auxiliaryLogits = (params: TensorTree, feature: Tensor | undefined): Forward['taps'] => {
    const weights = branchAt(params, parts.auxiliary)
    if (feature === undefined || Object.keys(weights).length === 0) return {}
    // A mean over positions is one vector an example.
    return { [parts.auxiliary]: auxiliary.apply({ params: weights, state: {} }, feature as unknown as Vectors, inference).output }
  }

  /** From the activation `x` in front of the gate to the logits: `drop(g ⊙ x) W_c`. */
  const fromGate = ({ params, state }: Variables, x: Tensor, feature: Tensor | undefined, mode: Mode, modeOfSource: Mode): Forward => {
    const { output, taps, state: after } = runStages({ stages: late }, { params, state }, x, (stage) => (isNew(stage) ? mode : modeOfSource))
    // The last stage gives one vector an example.
    const logits = gated.head.apply({ params: branchAt(params, parts.head), state: {} }, output as unknown as Vectors, mode).output
    return { logits, taps: { ...taps, ...auxiliaryLogits(params, feature) }, state: after }
  }

  const forwardWith =
    (modeOfSource: (mode: Mode) => Mode): TransferProgram['forward'] =>
    (variables, inputs, mode) => {
      const { output, taps, state } = runStages({ stages: early }, variables, inputs, modeOfSource(mode))
      const rest = fromGate(variables, output, auxiliaryFeature(taps), mode, modeOfSource(mode))
      return { logits: rest.logits, taps: { ...taps, ...rest.taps }, state: mergeTrees(state, rest.state) }
    }

  /** `CE(logits, y) + weight · CE(auxiliary logits, y)`. */
  const lossOf =
    (forward: TransferProgram['forward']) =>
    (inputs: LossInputs): LossOutputs => {
      const main = classificationLoss({ forward })(inputs)
      const { [parts.auxiliary]: scores, [openingTap]: opening } = main.taps
      const metrics = opening === undefined ? {} : { gateSpread: sqrt(moments(stopGradient(opening)).variance) }
      if (scores === undefined) return { ...main, metrics }
      // One score a class.
      const losses: Tensor = softmaxCrossEntropy(scores as unknown as Logits, inputs.batch.labels)
      const auxiliaryLoss = mean(losses)
      return { ...main, loss: add(main.loss, multiply(auxiliaryLoss, options.auxiliaryWeight)), metrics: { ...metrics, auxiliaryLoss } }
    }

  /** `[x ; GAP(u)]` in inference mode, which stays the same as long as the source's part is frozen. */
  const warmUpPrefix = (): FrozenPrefix => {
    const { tap, shape } = places.gate
    const size = shape.reduce((product, length) => product * length, 1)
    const belongs = (path: string): boolean => early.some(({ name }) => path.startsWith(`${name}.`))
    const forward: FrozenPrefix['forward'] = (variables, features, mode) => {
      const [x = features, feature] = places.auxiliary === undefined ? [] : split(features, [size, auxiliaryWidth])
      // Nothing has changed the statistics of the source's part, and the new parts have none.
      return { ...fromGate(variables, reshape(x, [-1, ...shape]), feature, mode, inference), state: variables.state }
    }
    const frozenSource = networkProgram({ network: network({ ...gated, stages: early }), startsFromSource: () => true, trains: () => false, staysInInference: () => true })
    return {
      identity: `${frozenSource.prefix?.identity ?? ''}; ${tap} and the mean of ${places.auxiliary?.tap ?? 'nothing'}`,
      tensors: ({ params, state }) => ({ params: partitionTree(params, belongs).selected, state: partitionTree(state, belongs).selected }),
      compute: (variables, inputs) => {
        const { output, taps } = runStages({ stages: early }, variables, inputs, inference)
        const [x, feature]: [Tensor, Tensor | undefined] = [reshape(output, [-1, size]), auxiliaryFeature(taps)]
        return feature === undefined ? x : concat([x, feature], -1)
      },
      forward,
      loss: lossOf(forward),
    }
  }

  const isAccumulated = options.warmUpMomentum === 'accumulated'
  const frozenForward = forwardWith(() => inference)
  const frozenProgram: TrainingPhase['program'] = { forward: frozenForward, loss: lossOf(frozenForward), ...(isAccumulated ? {} : { prefix: warmUpPrefix() }) }
  const warmUp: TrainingPhase = {
    name: 'warm-up',
    until: options.warmUp,
    ...(isAccumulated ? {} : { trains: isNew }),
    program: {
      ...(options.batchNormInWarmUp === 'frozen' ? frozenProgram : {}),
      ...(isAccumulated ? { parameterGroup: (path: string) => ({ learningRate: isNew(path) ? options.headLearningRate : 0 }) } : {}),
    },
  }
  const phases: readonly TrainingPhase[] = [...(options.warmUp > 0 ? [warmUp] : []), ...(options.warmUp < 1 ? [{ name: 'training', until: 1 }] : [])]

  const forward = forwardWith((mode) => mode)
  return {
    init,
    forward,
    loss: lossOf(forward),
    phases,
    parameterGroup: (path) => (isNew(path) ? { learningRate: options.headLearningRate } : {}),
    publish: (variables) => ({ ...variables, params: withoutAuxiliary(variables.params) }),
    fold: ({ params, state }) => ({ network: gated, variables: { params: withoutAuxiliary(params), state } }),
    inspect: (variables, inputs, labels) =>
      scope(() => {
        const opening = forward(variables, inputs, inference).taps[openingTap]
        return opening === undefined ? [] : inspectFeatureGate(places.gate.tap, opening, labels, task.classes)
      }),
  }
}

/**
 * The Gated Transfer Network: fine-tuning in which a gate closes the features of the source that do not help the target, and in which an auxiliary classifier
 * looks at an earlier stage during training.
 *
 * ```text
 * p      = GAP(stages(x))                            feature in front of the head
 * g      = σ(drop(relu(p W_1)) W_2)                  gate, one number an example and channel
 * logits = drop(g ⊙ p) W_c                           no bias, and nothing is added to what the gate lets through
 * aux    = GAP(u) W_aux                              u: an earlier stage, stage 3 of a ResNet-50
 * loss   = CE(logits, y) + 0.2 CE(aux, y)
 * ```
 *
 * For the first 21 % of the training the source's weights are frozen and only gate and heads are trained, while batch norm adapts its running statistics to
 * the target; then everything is trained. The auxiliary classifier is dropped from the trained model. The official training is SGD with momentum 0.9, weight
 * decay 1e-4, batches of 64, 100 epochs, and a learning rate of 0.01 that falls to a tenth every 40 epochs.
 *
 * It equals the official code (jiaxue-ai/GTN, commit e3b3bba), with one difference unless told otherwise: `warmUpMomentum: 'excluded'`. A narrow network needs
 * the floor of `minimumHiddenUnits`: with 4 hidden units the gate was found dead, open by 0.5 for everything. The metric `gateSpread` is 0 then.
 *
 * @throws TransferkitError, from preparing it, `gtn/unknown-tap` with the taps that there are, `gtn/place` when the auxiliary classifier cannot stand in front of the gate.
 *
 * @example
 * ```ts
 * import { gtn } from '@transferkit/vision'
 *
 * const strategy = gtn({ gateAt: 'stage3', batchNormInWarmUp: 'frozen' })
 * ```
 */
export const gtn: StrategyDefinition<GtnOptions, Strategy> = defineStrategy({
  name: 'gtn',
  summary: 'Fine-tunes behind a learned gate over features, with an auxiliary classifier and a warm-up of the new parts.',
  reference: {
    citation: 'Zhu, Xue and Newsam, Gated Transfer Network for Transfer Learning, ACCV 2018.',
    url: 'https://arxiv.org/abs/1810.12521',
  },
  options: gtnOptions,
  prepare: (context, options) => {
    const places = gtnPlaces(context, options)
    return gtnProgram(context, places, gatedNetwork(places, context.task.classes.length, options), options)
  },
})

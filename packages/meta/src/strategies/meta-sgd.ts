import {
  add,
  type Batch,
  branchAt,
  exp,
  flattenTree,
  type Inspection,
  item,
  multiply,
  type Network,
  type Optimiser,
  type Scalar,
  scalar,
  scope,
  slice,
  type StepInputs,
  type StepOutputs,
  type Strategy,
  type StrategyDefinition,
  subtract,
  type Tensor,
  type TensorTree,
  TransferkitError,
  type TransferProgram,
  withClasses,
  zipTrees,
} from '@transferkit/tensor'
import { adam, classificationLoss, defineStrategy, isHead, networkProgram, trainingStep } from '@transferkit/training'
import { z } from 'zod'
import type { BilevelProblem } from '../bilevel/bilevel-problem.js'
import { metaGradient, type MetaGradientForm, type MetaGradientOptions } from '../bilevel/meta-gradient.js'
import { unroll } from '../bilevel/unroll.js'

/** Options of {@link metaSgd}. The defaults are our choice. */
export interface MetaSgdOptions {
  /** `T`, the number of inner steps; 1 unless told. */
  readonly innerSteps?: number
  /** What has a rate of its own: each `layer`, unless told, or each `stage` of the network. */
  readonly per?: 'layer' | 'stage'
  /** How second derivatives are computed; `exact` unless told. */
  readonly metaGradient?: MetaGradientForm
  /** Length of the step of finite differences in parameter space; 1e-3 unless told. */
  readonly perturbation?: number
  /** Learning rate of `φ`, for Adam; 0.01 unless told: a rate changes by about 1 % a step at most. */
  readonly metaLearningRate?: number
}

const options = z.strictObject({
  innerSteps: z.int().positive().default(1).describe('Number of inner steps.'),
  per: z.enum(['layer', 'stage']).default('layer').describe('What has a learning rate of its own.'),
  metaGradient: z.enum(['exact', 'finiteDifference', 'firstOrder']).default('exact').describe('How second derivatives are computed.'),
  perturbation: z.number().positive().default(1e-3).describe('Length of the step of finite differences.'),
  metaLearningRate: z.number().nonnegative().default(0.01).describe('Learning rate of the logarithms of the factors.'),
})

/** Names of the layer or stage of a parameter, as leaves of trees can have them. */
const groupOf = (per: 'layer' | 'stage', path: string): string => {
  const parts = path.split('.')
  return (per === 'stage' ? parts.slice(0, 1) : parts.slice(0, -1)).join('-')
}

/** `φ`: one logarithm a layer or stage, 0 at first, so that it begins as plain training does. @internal */
export const initLogRates = (params: TensorTree, per: 'layer' | 'stage'): TensorTree =>
  Object.fromEntries([...new Set(flattenTree<Tensor>(params).map(({ path }) => groupOf(per, path)))].map((group) => [group, scalar(0)]))

/** The optimiser with its steps scaled layer by layer: `θ' = θ + exp(φ_l) (θ* - θ)`, with `θ*` what the optimiser says. */
const withLogRates = (optimiser: Optimiser, rates: TensorTree, per: 'layer' | 'stage'): Optimiser => ({
  ...optimiser,
  update: (gradients, memory, params, settings) => {
    const result = optimiser.update(gradients, memory, params, settings)
    // A leaf stands there.
    const factorOf = (path: string): Tensor => exp(branchAt(rates, groupOf(per, path)) as Tensor)
    return { state: result.state, params: zipTrees(params, result.params, (from, to, path) => add(from, multiply(subtract(to, from), factorOf(path)))) }
  },
})

/** What the rates are learned by: a loss to go down, `T` times, and a loss that shall be small then. @internal */
export interface LearningRateProblem {
  readonly inner: (params: TensorTree) => Scalar
  readonly outer: (params: TensorTree) => Scalar
  readonly innerSteps: number
  readonly per: 'layer' | 'stage'
  readonly optimiser: Optimiser
  readonly learningRate: Scalar
}

/** The bilevel problem of learning rates: `φ` is in the update and in no loss. @internal */
export const learningRateProblem = ({ inner, outer, innerSteps, per, optimiser, learningRate }: LearningRateProblem): BilevelProblem => ({
  inner: Array.from({ length: innerSteps }, () => ({ name: 'training', dependsOnMeta: false, evaluate: (params: TensorTree) => ({ value: inner(params), auxiliary: {} }) })),
  update: ({ params, memory }, gradients, rates) => {
    const result = withLogRates(optimiser, rates, per).update(gradients, memory, params, { learningRate })
    return { params: result.params, memory: result.state }
  },
  outer,
})

/** The first half of a batch, to learn from, and the second, to be judged by. */
const halvesOf = ({ inputs, labels }: Batch): { readonly learned: Batch; readonly heldOut: Batch } => {
  const [count = 0, ...rest] = inputs.shape
  const half = Math.floor(count / 2)
  if (half === 0) throw new TransferkitError('meta-sgd/batch', `Strategy 'meta-sgd': a batch of ${count} cannot be halved into examples to learn from and examples to judge by. Use batches of 2 examples or more.`)
  const part = (from: number, size: number): Batch => ({
    inputs: slice(inputs, [from, ...rest.map(() => 0)], [size, ...rest]),
    // Classes of some of the examples.
    labels: slice(labels, [from], [size]) as Batch['labels'],
  })
  return { learned: part(0, half), heldOut: part(half, count - half) }
}

interface MetaSgdSettings {
  readonly program: TransferProgram
  readonly innerSteps: number
  readonly per: 'layer' | 'stage'
  readonly metaGradient: MetaGradientOptions
  readonly metaOptimiser: Optimiser
  readonly metaLearningRate: number
}

/** One iteration: the rates take a step down the loss of the held-out half, and then the parameters one down that of the whole batch, with the new rates. */
const iteration = (settings: MetaSgdSettings, inputs: StepInputs): StepOutputs => {
  const { program, per, innerSteps, metaOptimiser } = settings
  const { training, frozen, batch, key, progress, optimiser, learningRate } = inputs
  const [rates, memory] = [branchAt(training.extra, 'rates'), branchAt(training.extra, 'optimiser')]
  const lossOf = classificationLoss(program)
  const lossOn =
    (part: Batch) =>
    (params: TensorTree): Scalar =>
      lossOf({ variables: { params, frozen, state: training.state }, batch: part, key, progress }).loss
  const { learned, heldOut } = halvesOf(batch)
  const problem = learningRateProblem({ inner: lossOn(learned), outer: lossOn(heldOut), innerSteps, per, optimiser, learningRate })
  const unrolled = unroll(problem, { params: training.params, memory: training.optimiser }, rates)
  const { value: outer, gradient } = metaGradient(problem, unrolled, rates, settings.metaGradient)
  const moved = scope(() => metaOptimiser.update(gradient, memory, rates, { learningRate: scalar(settings.metaLearningRate) }))
  const regular = trainingStep(program)({ ...inputs, optimiser: withLogRates(optimiser, moved.params, per) })
  return { training: { ...regular.training, extra: { rates: moved.params, optimiser: moved.state } }, metrics: { ...regular.metrics, outer } }
}

const inspectRates = (extra: TensorTree, { stages }: Network): readonly Inspection[] => {
  // Trees are sorted by name; layers are shown in the order of the network.
  const order = [...stages.map(({ name }) => name.replaceAll('.', '-')), 'head']
  const positionOf = (layer: string): number => order.findIndex((stage) => layer === stage || layer.startsWith(`${stage}-`))
  const layers = [...flattenTree<Tensor>(branchAt(extra, 'rates'))].sort((a, b) => positionOf(a.path) - positionOf(b.path))
  const factors = layers.map(({ path, leaf }): readonly [string, number] => [path, Math.exp(item(leaf as Scalar))]) // One number a layer
  return [{ name: 'layer-learning-rates', title: 'Learned factors on the learning rate', kind: 'lines', rowAxis: 'layer', valueAxis: 'factor on the learning rate', series: { 'learning rate': Object.fromEntries(factors) } }]
}

/**
 * Fine-tuning with a learning rate for each layer, learned along in the manner of Meta-SGD: layers whose features fit the target come to move little.
 *
 * With `U` the update of the training's optimiser at its scheduled rate, `θ*` where it would go from `θ`, and one number `φ_l` a layer,
 *
 * ```text
 * U_φ(θ_l)   = θ_l + exp(φ_l) (θ*_l - θ_l)
 * θ_0        = θ,   θ_t+1 = U_φ(θ_t) on CE of the first half of the batch,     t = 0 … T-1
 * J(φ)       = CE(θ_T) on the second half
 * φ         <- Adam(φ, ∇φ J)
 * θ         <- U_φ(θ) on CE of the whole batch
 * ```
 *
 * For gradient descent with rate `η`, `exp(φ_l) η` is the rate of layer `l`, and with `T = 1` the derivative is `∂J/∂φ_l = -η exp(φ_l) ⟨∇_l CE₂(θ_1), ∇_l CE₁(θ)⟩`: a layer is to
 * move faster where both halves agree on the direction. Li et al. learn a rate for each weight over many tasks; here there is one task, and the batches take turns.
 *
 * `φ` begins at 0, which is fine-tuning. The numbers are in the inspection `layer-learning-rates`, and are not needed by the trained model, which is a plain network.
 * It is also an example of how a meta-method is made of {@link unroll} and {@link metaGradient}: the method is the function `learningRateProblem` of its source.
 *
 * @throws TransferkitError `meta-sgd/batch`, in training, when a batch has one example only.
 *
 * @example
 * ```ts
 * import { metaSgd } from '@transferkit/meta'
 *
 * const strategy = metaSgd({ per: 'stage', innerSteps: 2 })
 * ```
 */
export const metaSgd: StrategyDefinition<MetaSgdOptions, Strategy> = defineStrategy({
  name: 'meta-sgd',
  summary: 'Fine-tunes with a learning rate for each layer that is learned by bilevel training.',
  reference: { citation: 'Li, Zhou, Chen and Li, Meta-SGD: Learning to Learn Quickly for Few-Shot Learning, 2017.', url: 'https://arxiv.org/abs/1707.09835' },
  options,
  prepare: ({ source, task }, { innerSteps, per, metaGradient: form, perturbation, metaLearningRate }) => {
    const network = withClasses(source.network, task.classes.length)
    const program = networkProgram({
      network,
      source,
      startsFromSource: (path) => !isHead(path),
      trains: () => true,
      staysInInference: () => false,
    })
    const metaOptimiser = adam()
    const settings: MetaSgdSettings = { program, innerSteps, per, metaGradient: { form, perturbation }, metaOptimiser, metaLearningRate }
    return {
      ...program,
      initExtra: (_key, params) =>
        scope(() => {
          const rates = initLogRates(params, per)
          return { rates, optimiser: metaOptimiser.init(rates) }
        }),
      step: (inputs) => iteration(settings, inputs),
      inspectExtra: (extra) => inspectRates(extra, network),
      faultOf: ({ outer = 0 }) => (Number.isFinite(outer) ? undefined : `Strategy 'meta-sgd': the inner steps explode`),
    }
  },
})

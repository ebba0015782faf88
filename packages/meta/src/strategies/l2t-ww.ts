import { foldIn, type Key, type Logits, mergeTrees, type Mode, type Network, partitionTree, type ProgramVariables, scope, type Strategy, type StrategyDefinition, type Tensor, type TensorTree, type TransferContext, TransferkitError, type TransferProgram } from '@transferkit/tensor'
import { adam, defineStrategy, sgd } from '@transferkit/training'
import { expectVaryingFeatures, targetFeatureShapes } from '../matching/feature-shapes.js'
import { matchedPairs, sourceSide } from '../matching/pairs.js'
import { initPruning } from '../matching/pruning.js'
import { initMetaNetworks, initProjections, type WeightedMatching } from '../matching/weighted-matching.js'
import { explodingMetric, explosionSentence } from './exploding.js'
import { inspectMetaNetworks } from './l2t-ww-inspection.js'
import { type IterationSettings, l2tWwIteration, projectionsBranch } from './l2t-ww-iteration.js'
import { type FullL2tWwOptions, type L2tWwOptions, l2tWwOptions } from './l2t-ww-options.js'
import { targetNetwork, type TargetNetworks } from './target-network.js'

/** Forward pass of a plain network as a program has it. */
const forwardOf =
  (network: Network): TransferProgram['forward'] =>
  ({ params, state }: ProgramVariables, inputs: Tensor, mode: Mode) => {
    const { output, taps, state: after } = network.apply({ params, state }, inputs, mode)
    return { logits: output satisfies Logits, taps, state: after }
  }

const withoutProjections = (params: TensorTree): TensorTree => partitionTree(params, (path) => !path.startsWith(`${projectionsBranch}.`)).selected

/** What an iteration needs to know, checked against both networks. @internal */
export const iterationSettings = (networks: TargetNetworks, context: TransferContext, options: FullL2tWwOptions): IterationSettings => {
  const { what, where, beta, metaOptimiser, metaWeightDecay, metaMomentum } = options
  if (what === 'uniform' && where === 'one') {
    throw new TransferkitError('l2t-ww/nothing-to-learn', `Strategy 'l2t-ww': with what 'uniform' and where 'one' there is nothing to learn. Use plain feature matching, or choose one of the meta-networks.`)
  }
  const network = targetNetwork('l2t-ww', networks, options, context)
  const shapes = targetFeatureShapes({ init: (key) => ({ ...network.init(key, [1, ...network.inputShape]), frozen: {} }), forward: forwardOf(network) }, context.inputShape)
  const pairs = matchedPairs(options, sourceSide(context), { which: 'target', name: network.name, shapes })
  expectVaryingFeatures(context, 'l2t-ww', pairs.map(({ source }) => source))
  const matching: WeightedMatching = { pairs, beta, what, where }
  return {
    source: context.source,
    network,
    matching,
    innerSteps: options.innerSteps,
    metaGradient: { form: options.metaGradient, perturbation: options.perturbation },
    metaOptimiser: metaOptimiser === 'adam' ? adam({ weightDecay: metaWeightDecay }) : sgd({ momentum: metaMomentum, weightDecay: metaWeightDecay }),
    metaLearningRate: options.metaLearningRate,
    statistics: options.statistics,
    affineOptimiser: options.affineOptimiser,
    pruneAfter: options.pruneAfter,
  }
}

const programOf = (settings: IterationSettings): TransferProgram => {
  const { network, matching, metaOptimiser, pruneAfter, innerSteps } = settings
  const names = matching.pairs.map(({ name }) => name)
  return {
    init: (key: Key) =>
      scope(() => {
        const { params, state } = network.init(foldIn(key, 'target'), [1, ...network.inputShape])
        return { params: mergeTrees(params, { [projectionsBranch]: initProjections(matching.pairs, foldIn(key, projectionsBranch)) }), state, frozen: {} }
      }),
    forward: forwardOf(network),
    initExtra: (key) =>
      scope(() => {
        const meta = initMetaNetworks(matching, key)
        return { meta, optimiser: metaOptimiser.init(meta), ...(pruneAfter > 0 ? { pruning: initPruning(matching.pairs.length) } : {}) }
      }),
    step: (inputs) => {
      const { training, metrics } = l2tWwIteration(settings, inputs)
      return { training, metrics }
    },
    inspectExtra: (extra, _variables, inputs) => inspectMetaNetworks(settings, extra, inputs),
    faultOf: (metrics) => explosionSentence(metrics[explodingMetric] ?? 0, names, innerSteps),
    publish: (variables) => ({ ...variables, params: withoutProjections(variables.params) }),
    fold: ({ params, state }) => ({ network, variables: { params: withoutProjections(params), state } }),
  }
}

/** What {@link defineL2tWw} is given. */
export interface L2tWwSurroundings {
  /** Architectures that the option `target` may name, such as `networks` of `@transferkit/vision`; none unless told. */
  readonly networks?: TargetNetworks
}

/**
 * The strategy {@link l2tWw} with target architectures to choose from by name.
 *
 * @param surroundings The architectures.
 *
 * @example
 * ```ts
 * import { defineL2tWw } from '@transferkit/meta'
 * import { networks } from '@transferkit/vision'
 *
 * const l2tWw = defineL2tWw({ networks })
 * const strategy = l2tWw({ target: 'vgg9' })
 * ```
 */
export const defineL2tWw = ({ networks = {} }: L2tWwSurroundings = {}): StrategyDefinition<L2tWwOptions, Strategy> =>
  defineStrategy({
    name: 'l2t-ww',
    summary: 'Learns by bilevel training which source layers teach which target layers, which channels matter, and how much.',
    reference: {
      citation: 'Jang, Lee, Hwang and Shin, Learning What and Where to Transfer, ICML 2019.',
      url: 'https://arxiv.org/abs/1905.05901',
    },
    options: l2tWwOptions,
    prepare: (context, options) => programOf(iterationSettings(networks, context, options)),
  })

/**
 * Learning what and where to transfer (L2T-ww): a target network of any architecture, from random weights, is trained on its task and on matching features of the frozen
 * source, with weights that meta-networks learn:
 *
 * ```text
 * D_mn[b,c] = mean over positions of (S_m[b,·,c] - R_mn(T_n)[b,·,c])²
 * L_wfm     = β Σ_mn mean_b λ_mn[b] Σ_c w_mn[b,c] D_mn[b,c]
 * w_mn      = softmax(GAP(S_m) W_mn + b_mn)             what: which channels
 * λ_mn      = relu6(GAP(S_m) v_mn + c_mn)               where: which pairs of layers, and how much
 * ```
 *
 * An iteration has three stages, all on one batch:
 *
 * 1. one step on `CE + L_wfm`;
 * 2. from there, `T` steps on `L_wfm` alone and one on `CE`, with the optimiser's momentum and decay going on; the cross-entropy after them is the meta-objective, and the
 *    meta-networks take a step of Adam down its gradient through these steps, see {@link metaGradient};
 * 3. parameters, projections and momentum are rolled back to the end of stage 1.
 *
 * Source, meta-networks and projections are dropped from the trained model. The official training is SGD with a rate of 0.1 that falls to 0 by a cosine, momentum 0.9, decay 1e-4,
 * 200 epochs, batches of 128 (64 for large images). The strategy runs its own steps, so regularisers cannot be composed with it.
 *
 * It equals the official code (alinlab/L2T-ww, commit f4dde04). The metrics `lambda <pair>` are the means of `λ` over the batch.
 * {@link defineL2tWw} gives it architectures to name in `target`.
 *
 * @throws TransferkitError, from preparing it, `l2t-ww/nothing-to-learn` with `what: 'uniform'` and `where: 'one'`, `meta/unknown-target` with the nearest name, `meta/target-options` for settings that the architecture cannot have,
 * `matching/unknown-tap` with the nearest name, `matching/no-pairs`, `matching/repeated-pair`, `matching/not-a-map`,
 * or `matching/constant-source` when a source tap says nothing.
 *
 * @example
 * ```ts
 * import { l2tWw } from '@transferkit/meta'
 *
 * const strategy = l2tWw({ pairs: 'one-to-one', innerSteps: 1 })
 * ```
 */
export const l2tWw: StrategyDefinition<L2tWwOptions, Strategy> = defineL2tWw()

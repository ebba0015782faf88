import { branchAt, nearestSpelling, type Regulariser, type StrategyDefinition, tensor, type Tensor, type TensorTree, TransferkitError } from '@transferkit/tensor'
import { defineRegulariser } from '@transferkit/training'
import { z } from 'zod'
import { channelWeights, initChannelWeights } from '../matching/channel-weights.js'
import type { MatchedPair } from '../matching/pairs.js'
import { initProjections, type SourceFeatures } from '../matching/weighted-matching.js'
import { chosenPairs, pairsOption, type PairsOption } from './chosen-pairs.js'
import { betaOption } from './feature-matching.js'
import { matchingPenalty } from './matching-penalty.js'

/** Weights of the source's channels, by source tap. */
export type GivenWeights = Readonly<Record<string, readonly number[]>>

/** Options of {@link l2tW}. */
export interface L2tWOptions extends PairsOption {
  /** `β`, the weight of the sum over pairs, 0.5 unless told, as in Jang et al. */
  readonly beta?: number
  /** `'learned'`, or for each source tap of a pair one number a channel, from 0 and taken as they are; `'learned'` unless told, which is the method. */
  readonly weights?: 'learned' | GivenWeights
}

const options = z.strictObject({
  pairs: pairsOption,
  beta: betaOption,
  weights: z
    .union([z.literal('learned'), z.record(z.string(), z.array(z.number().nonnegative()).readonly())], { error: "Write 'learned', or for each source tap a list with one number of 0 or more a channel." })
    .default('learned')
    .describe("Weights of the source's channels: 'learned', or for each source tap one number a channel."),
})

const checkGiven = (given: GivenWeights, pairs: readonly MatchedPair[]): void => {
  const channels = new Map(pairs.map(({ source, sourceShape }) => [source, sourceShape.at(-1) ?? 0]))
  const unknown = Object.keys(given).find((tap) => !channels.has(tap))
  if (unknown !== undefined) {
    const nearest = nearestSpelling(unknown, [...channels.keys()])
    throw new TransferkitError('l2t-w/weights', `Strategy 'l2t-w', option 'weights': no pair has the source tap '${unknown}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} The source taps of the pairs are: ${[...channels.keys()].join(', ')}.`)
  }
  for (const [tap, count] of channels) {
    const found = given[tap]?.length
    if (found !== count) throw new TransferkitError('l2t-w/weights', `Strategy 'l2t-w', option 'weights': the source tap '${tap}' has ${count} channels, but ${found ?? 'no'} weights are given for it. Give one number a channel.`)
  }
}

/** Names of the two kinds of own parameters. */
const [projections, what] = ['projections', 'what'] as const

/**
 * Learning what to transfer: feature matching in which the channels of the source count differently, `β Σ mean_b Σ_c w[b,c] · mean_{h,w} (S - R(T))²` over hand-chosen
 * pairs; all pairs count alike (`λ = 1`).
 *
 * With `weights: 'learned'`, `w = softmax(a W + b)` with `a` the source features' means over positions; at the start all weights are 1 / channels, so that it begins as
 * feature matching. As a regulariser it learns `W` and `b` together with the model, by the gradient of one and the same loss, which favours channels that are easy to
 * follow; Jang et al. learn them by bilevel training, for how much they help the task.
 *
 * @throws TransferkitError, from preparing it, `l2t-w/weights` when given weights do not fit the channels, `matching/unknown-tap` with the nearest name, `matching/no-pairs`, `matching/repeated-pair`, `matching/not-a-map`,
 * or `matching/constant-source` when a source tap says nothing.
 *
 * @example
 * ```ts
 * import { l2tW } from '@transferkit/meta'
 * import { compose, scratch } from '@transferkit/training'
 *
 * const strategy = compose(scratch(), l2tW({ pairs: 'single' }))
 * ```
 */
export const l2tW: StrategyDefinition<L2tWOptions, Regulariser> = defineRegulariser({
  name: 'l2t-w',
  summary: 'Feature matching in which the channels of the source count differently.',
  reference: { citation: 'Jang, Lee, Hwang and Shin, Learning What and Where to Transfer, ICML 2019.', url: 'https://arxiv.org/abs/1905.05901' },
  options,
  prepare: (context, structure, { pairs: choice, beta, weights }) => {
    const pairs = chosenPairs({ strategy: 'l2t-w', pairs: choice, context, structure })
    const given = weights === 'learned' ? undefined : weights
    if (given !== undefined) checkGiven(given, pairs)
    const learned = (): TensorTree => Object.fromEntries(pairs.map(({ name, sourceShape }) => [name, initChannelWeights(sourceShape.at(-1) ?? 0)]))

    const weightsOf = (ownParams: TensorTree, { name, source }: MatchedPair, { pooled }: SourceFeatures): Tensor => {
      if (given === undefined) return channelWeights(branchAt(ownParams, `${what}.${name}`), pooled)
      const row = given[source] ?? []
      return tensor(row, [1, row.length])
    }

    return {
      init: (key) => ({ [projections]: initProjections(pairs, key), ...(given === undefined ? { [what]: learned() } : {}) }),
      penalty: (inputs) => {
        const { ownParams } = inputs
        return matchingPenalty(inputs, { pairs, beta, projections: branchAt(ownParams, projections), weights: (pair, features) => weightsOf(ownParams, pair, features) })
      },
    }
  },
})

import type { Strategy, StrategyDefinition } from '@transferkit/tensor'
import { defineStrategy, networkProgram } from '@transferkit/training'
import { z } from 'zod'
import { targetFields, targetNetwork, type TargetNetworks } from './target-network.js'

/** Options of {@link freshNetwork}. */
export interface FreshNetworkOptions {
  /** Name of the target's architecture, among those that the strategy was defined with; that of the source unless told. */
  readonly target?: string
  /** Settings of that architecture, such as `{ widths: [[32], [64], [128, 128], [256, 256], [256, 256]] }` for `vgg9`; its defaults unless told. */
  readonly targetOptions?: Readonly<Record<string, unknown>>
}

/** What {@link defineFreshNetwork} is given. */
export interface FreshNetworkSurroundings {
  /** Architectures that the option `target` may name, such as `networks` of `@transferkit/vision`; none unless told. */
  readonly networks?: TargetNetworks
}

/**
 * The strategy {@link freshNetwork} with target architectures to choose from by name.
 *
 * @param surroundings The architectures.
 *
 * @example
 * ```ts
 * import { attentionTransfer, defineFreshNetwork } from '@transferkit/meta'
 * import { compose } from '@transferkit/training'
 * import { networks } from '@transferkit/vision'
 *
 * const freshNetwork = defineFreshNetwork({ networks })
 * const strategy = compose(freshNetwork({ target: 'vgg9' }), attentionTransfer())
 * ```
 */
export const defineFreshNetwork = ({ networks = {} }: FreshNetworkSurroundings = {}): StrategyDefinition<FreshNetworkOptions, Strategy> =>
  defineStrategy({
    name: 'fresh-network',
    summary: 'Trains a network of any architecture from a random start; regularisers can make it follow features of the source.',
    reference: { citation: 'Jang, Lee, Hwang and Shin, Learning What and Where to Transfer, ICML 2019, section 4.', url: 'https://arxiv.org/abs/1905.05901' },
    options: z.strictObject(targetFields),
    prepare: (context, options) =>
      networkProgram({
        network: targetNetwork('fresh-network', networks, options, context),
        startsFromSource: () => false,
        trains: () => true,
        staysInInference: () => false,
      }),
  })

/**
 * A network of any architecture, trained from random weights: the source gives it neither weights nor shape.
 *
 * By itself it is the baseline without transfer; with no `target` it is `scratch`. It is made to be composed: regularisers that compare activations
 * (`lwf`, `attention-transfer`, `feature-matching`, `l2t-w`) then teach it what the frozen source knows, as `l2t-ww` does with weights that it learns.
 * {@link defineFreshNetwork} gives it architectures to name in `target`.
 *
 * @throws TransferkitError, from preparing it, `meta/unknown-target` with the nearest name, `meta/target-options` for settings that the architecture cannot have.
 *
 * @example
 * ```ts
 * import { featureMatching, freshNetwork } from '@transferkit/meta'
 * import { compose } from '@transferkit/training'
 *
 * const strategy = compose(freshNetwork(), featureMatching({ pairs: 'single' }))
 * ```
 */
export const freshNetwork: StrategyDefinition<FreshNetworkOptions, Strategy> = defineFreshNetwork()

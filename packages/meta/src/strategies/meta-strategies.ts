import type { StrategyDefinition } from '@transferkit/tensor'
import { defineFreshNetwork } from './fresh-network.js'
import { defineL2tWw } from './l2t-ww.js'
import { metaSgd } from './meta-sgd.js'
import type { TargetNetworks } from './target-network.js'

/** What {@link defineMetaStrategies} is given. */
export interface MetaSurroundings {
  /** Architectures that the option `target` of the strategies may name, such as `networks` of `@transferkit/vision`; none unless told. */
  readonly networks?: TargetNetworks
}

/**
 * All strategies of this package, for recipes and lists; its regularisers are {@link metaRegularisers}.
 *
 * @param surroundings The architectures to choose from by name.
 *
 * @example
 * ```ts
 * import { defineMetaStrategies } from '@transferkit/meta'
 * import { networks } from '@transferkit/vision'
 *
 * defineMetaStrategies({ networks }).map(({ name }) => name)
 * ```
 */
export const defineMetaStrategies = (surroundings: MetaSurroundings = {}): readonly StrategyDefinition[] => [defineFreshNetwork(surroundings), defineL2tWw(surroundings), metaSgd]

// Programs that look strategies up by id know these and their options.
declare module '@transferkit/training' {
  interface StrategiesById {
    readonly 'fresh-network': ReturnType<typeof defineFreshNetwork>
    readonly 'l2t-ww': ReturnType<typeof defineL2tWw>
    readonly 'meta-sgd': typeof metaSgd
  }
}

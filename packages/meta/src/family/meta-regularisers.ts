import type { StrategyDefinition } from '@transferkit/tensor'
import { attentionTransfer } from './attention-transfer.js'
import { dan } from './dan.js'
import { dann } from './dann.js'
import { featureMatching } from './feature-matching.js'
import { l2tW } from './l2t-w.js'
import { lwf } from './lwf.js'

/** All regularisers of this package, for recipes and lists. */
export const metaRegularisers: readonly StrategyDefinition[] = [lwf, attentionTransfer, featureMatching, l2tW, dan, dann]

// Programs that look regularisers up by id know these and their options.
declare module '@transferkit/training' {
  interface StrategiesById {
    readonly lwf: typeof lwf
    readonly 'attention-transfer': typeof attentionTransfer
    readonly 'feature-matching': typeof featureMatching
    readonly 'l2t-w': typeof l2tW
    readonly dan: typeof dan
    readonly dann: typeof dann
  }
}

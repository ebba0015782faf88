import type { StrategyDefinition } from '@transferkit/tensor'
import { attentionTransfer } from './attention-transfer.js'
import { dan } from './dan.js'
import { dann } from './dann.js'
import { featureMatching } from './feature-matching.js'
import { l2tW } from './l2t-w.js'
import { lwf } from './lwf.js'

/** All regularisers of this package, for recipes and lists. */
export const metaRegularisers: readonly StrategyDefinition[] = [lwf, attentionTransfer, featureMatching, l2tW, dan, dann]

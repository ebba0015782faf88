import type { StrategyDefinition } from '@transferkit/tensor'
import { gtn } from './gtn.js'
import { parallelAdapters } from './parallel-adapters.js'
import { ptu } from './ptu.js'
import { seriesAdapters } from './series-adapters.js'

/** The strategies of this package, for recipes and lists. */
export const visionStrategies: readonly StrategyDefinition[] = [parallelAdapters, seriesAdapters, gtn, ptu]

import type { StrategyDefinition } from '@transferkit/tensor'
import { gtn } from './gtn.js'
import { parallelAdapters } from './parallel-adapters.js'
import { ptu } from './ptu.js'
import { seriesAdapters } from './series-adapters.js'

/** The strategies of this package, for recipes and lists. */
export const visionStrategies: readonly StrategyDefinition[] = [parallelAdapters, seriesAdapters, gtn, ptu]

// Programs that look strategies up by id know these and their options.
declare module '@transferkit/training' {
  interface StrategiesById {
    readonly 'parallel-adapters': typeof parallelAdapters
    readonly 'series-adapters': typeof seriesAdapters
    readonly gtn: typeof gtn
    readonly ptu: typeof ptu
  }
}

import type { StrategyDefinition } from '@transferkit/tensor'
import { ptu } from './ptu.js'

/** The strategies of this package, for recipes and lists. */
export const visionStrategies: readonly StrategyDefinition[] = [ptu]

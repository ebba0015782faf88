import type { StrategyDefinition } from '@transferkit/tensor'
import { discreteStates } from './discrete-states.js'
import { recurrentPtu } from './recurrent-ptu.js'

/** The strategies of this package, for recipes and lists. */
export const nlpStrategies: readonly StrategyDefinition[] = [recurrentPtu, discreteStates]

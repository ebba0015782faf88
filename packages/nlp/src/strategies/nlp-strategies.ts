import type { StrategyDefinition } from '@transferkit/tensor'
import { discreteStates } from './discrete-states.js'
import { recurrentPtu } from './recurrent-ptu.js'

/** The strategies of this package, for recipes and lists. */
export const nlpStrategies: readonly StrategyDefinition[] = [recurrentPtu, discreteStates]

// Programs that look strategies up by id know these and their options.
declare module '@transferkit/training' {
  interface StrategiesById {
    readonly 'recurrent-ptu': typeof recurrentPtu
    readonly 'discrete-states': typeof discreteStates
  }
}

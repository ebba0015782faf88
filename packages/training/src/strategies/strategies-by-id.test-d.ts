import type { Regulariser, Strategy, StrategyDefinition } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { baselineStrategies } from './baselines.js'
import { strategyById } from './strategies-by-id.js'

/** Options of a plugin's strategy. */
interface GentleOptions {
  /** A factor. */
  readonly factor?: number
}

declare module './strategies-by-id.js' {
  interface StrategiesById {
    readonly gentle: StrategyDefinition<GentleOptions, Strategy>
  }
}

test('an id gives the options and what is made of them', () => {
  expectTypeOf(strategyById('l2-sp', baselineStrategies)({ alpha: 0.1 })).toEqualTypeOf<Strategy>()
  expectTypeOf(strategyById('l2-sp-penalty', baselineStrategies)()).toEqualTypeOf<Regulariser>()
})

test('a plugin adds its own id', () => {
  expectTypeOf(strategyById('gentle', baselineStrategies)).parameter(0).toEqualTypeOf<GentleOptions | undefined>()
})

test('unknown ids and wrong options do not compile', () => {
  // @ts-expect-error There is no strategy of this name.
  strategyById('fine-tuen', baselineStrategies)
  // @ts-expect-error The option is misspelt.
  strategyById('l2-sp', baselineStrategies)({ alhpa: 0.1 })
  // @ts-expect-error The option is a number.
  strategyById('gentle', baselineStrategies)({ factor: 'two' })
})

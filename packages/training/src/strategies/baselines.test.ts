import { testStrategy } from '../testing/test-strategy.js'
import { baselineStrategies } from './baselines.js'
import { partial } from './partial.js'

for (const strategy of baselineStrategies) testStrategy({ strategy })
testStrategy({ strategy: partial, options: { freezeFirst: 2 } })

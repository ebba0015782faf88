import { warmUp } from '../loop/warm-up.fixture.js'
import { testStrategy } from './test-strategy.js'

testStrategy({ strategy: warmUp })
testStrategy({ strategy: warmUp, options: { ownLoss: true, until: 0.3 } })

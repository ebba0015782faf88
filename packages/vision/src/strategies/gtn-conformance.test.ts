import { testStrategy } from '@transferkit/training/testing'
import { gtn } from './gtn.js'

testStrategy({ strategy: gtn })
testStrategy({ strategy: gtn, options: { warmUp: 0.5, batchNormInWarmUp: 'frozen' } })
testStrategy({ strategy: gtn, options: { warmUp: 0.5, batchNormInWarmUp: 'frozen', warmUpMomentum: 'accumulated', gateAt: 'stage2' } })
testStrategy({ strategy: gtn, options: { gate: false, warmUp: 0.5, batchNormInWarmUp: 'frozen' } })
testStrategy({ strategy: gtn, options: { auxiliary: false, warmUp: 0.5, batchNormInWarmUp: 'frozen' } })
testStrategy({ strategy: gtn, options: { gate: false, auxiliary: false, warmUp: 0 } })

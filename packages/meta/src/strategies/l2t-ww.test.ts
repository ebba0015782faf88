import { testStrategy } from '@transferkit/training/testing'
import { l2tWw } from './l2t-ww.js'
import { testProperties } from './l2t-ww-properties.fixture.js'

testStrategy({ strategy: l2tWw, options: { metaLearningRate: 0.01, pairs: 'one-to-one' } })
testProperties()

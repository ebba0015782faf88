import { testStrategy } from '@transferkit/training/testing'
import { parallelAdapters } from './parallel-adapters.js'
import { seriesAdapters } from './series-adapters.js'

testStrategy({ strategy: parallelAdapters })
testStrategy({ strategy: parallelAdapters, options: { dropout: 0.25, rank: 2, initialisation: 'zero', train: 'everything' } })
testStrategy({ strategy: seriesAdapters })
testStrategy({ strategy: seriesAdapters, options: { stages: ['stage2'], initialisation: 'zero', decayMode: 'reference', weightDecay: { rest: 5 } } })

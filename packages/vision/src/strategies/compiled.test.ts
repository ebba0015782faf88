import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { adam } from '@transferkit/training'
import { testCompiled } from '@transferkit/training/testing'
import { gtn } from './gtn.js'
import { parallelAdapters } from './parallel-adapters.js'
import { ptu } from './ptu.js'
import { seriesAdapters } from './series-adapters.js'

const open = (): Promise<Runtime> => openRuntime({ backend: 'native' })

testCompiled({ open, strategy: gtn })
testCompiled({ open, strategy: gtn, options: { warmUp: 0.5, batchNormInWarmUp: 'frozen' }, training: { optimiser: adam() } })
testCompiled({ open, strategy: parallelAdapters, options: { dropout: 0.25, rank: 2, train: 'everything' } })
testCompiled({ open, strategy: seriesAdapters })
testCompiled({ open, strategy: ptu, options: { targetAdapters: 'parallel', perturbation: 0.05 } })

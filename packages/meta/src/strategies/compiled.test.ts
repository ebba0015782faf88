import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { testCompiled } from '@transferkit/training/testing'
import { attentionTransfer } from '../family/attention-transfer.js'
import { dan } from '../family/dan.js'
import { dann } from '../family/dann.js'
import { l2tW } from '../family/l2t-w.js'
import { lwf } from '../family/lwf.js'
import { l2tWw } from './l2t-ww.js'

const open = (): Promise<Runtime> => openRuntime({ backend: 'native' })

testCompiled({ open, strategy: l2tWw, options: { metaLearningRate: 0.01, pairs: 'one-to-one' } })
testCompiled({ open, strategy: l2tWw, options: { metaLearningRate: 0.01, metaGradient: 'finiteDifference' } })
testCompiled({ open, strategy: lwf })
testCompiled({ open, strategy: attentionTransfer, options: { beta: 1 } })
testCompiled({ open, strategy: l2tW })
testCompiled({ open, strategy: dan })
testCompiled({ open, strategy: dann })

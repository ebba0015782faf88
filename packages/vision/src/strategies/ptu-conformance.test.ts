import { type Axes, globalAveragePoolLayer, heNormal, identityLayer, mean, network, type Network, square, subtract } from '@transferkit/tensor'
import { compose, defineRegulariser, defineStrategy, l2SpPenalty } from '@transferkit/training'
import { testStrategy } from '@transferkit/training/testing'
import { z } from 'zod'
import { residualStage } from '../networks/residual-block.js'
import { projectionShortcut } from '../networks/shortcuts.js'
import { ptu } from './ptu.js'

// At W_c = I the candidate stands exactly on the kink of its rectifier wherever the source is 0, and a central difference gives the mean of both slopes.
// A perturbed start stands beside the kinks: there the gradients are checked.
testStrategy({ strategy: ptu, except: ['gradients'] })
testStrategy({ strategy: ptu, options: { sourceInput: 'shared', perturbation: 0.05 } })
testStrategy({ strategy: ptu, options: { candidate: 'threeState' } })
testStrategy({ strategy: ptu, options: { candidate: 'gru', perturbation: 0.05 } })
testStrategy({ strategy: ptu, options: { targetAdapters: 'parallel', perturbation: 0.05 } })
testStrategy({ strategy: ptu, options: { targetAdapters: 'series', candidate: 'threeState' } })

/** A stage of two residual blocks, the second with an identity shortcut. */
const residual = (classes: number): Network =>
  network({
    name: 'residual',
    inputShape: [8, 8, 1],
    classes,
    stages: [
      { name: 'stage1', module: residualStage({ blocks: 2, channels: 3, strides: 2, firstShortcut: projectionShortcut(3, 2, heNormal), shortcut: identityLayer(), initialiser: heNormal }) },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })

testStrategy({ strategy: ptu, options: { unitsAfter: 'blocks', perturbation: 0.05 }, network: residual })
testStrategy({ strategy: ptu, options: { unitsAfter: 'blocks', targetAdapters: 'series', perturbation: 0.05 }, network: residual })

const matchFeatures = defineRegulariser({
  name: 'match-features',
  summary: 'Pulls the feature towards that of the source.',
  reference: { citation: 'A test.' },
  options: z.strictObject({}),
  prepare: () => ({ penalty: (inputs) => mean(square<Axes>(subtract(inputs.forward.taps['pooled']!, inputs.source().taps['pooled']!))) }),
})

testStrategy({
  strategy: defineStrategy({
    name: 'ptu-with-regularisers',
    summary: 'Adds terms on parameters and on activations.',
    reference: { citation: 'A test.' },
    options: z.strictObject({}),
    prepare: (context) => compose(ptu({ targetAdapters: 'parallel', perturbation: 0.05 }), l2SpPenalty({ alpha: 0.1 }), matchFeatures()).prepare(context),
  }),
})

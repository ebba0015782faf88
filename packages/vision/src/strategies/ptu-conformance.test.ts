import { testStrategy } from '@transferkit/training/testing'
import { ptu } from './ptu.js'

// At W_c = I the candidate stands exactly on the kink of its rectifier wherever the source is 0, and a central difference gives the mean of both slopes.
// A perturbed start stands beside the kinks: there the gradients are checked.
testStrategy({ strategy: ptu, except: ['gradients'] })
testStrategy({ strategy: ptu, options: { sourceInput: 'shared', perturbation: 0.05 } })
testStrategy({ strategy: ptu, options: { candidate: 'threeState' } })
testStrategy({ strategy: ptu, options: { candidate: 'gru', perturbation: 0.05 } })

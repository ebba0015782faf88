import { withClasses } from '@transferkit/tensor'
import { z } from 'zod'
import { defineStrategy } from './define-strategy.js'
import { isHead } from './head.js'
import { networkProgram } from './network-program.js'

/**
 * Feature extraction, also called a linear probe: the source network is frozen and a new head is trained on its features.
 *
 * `logits = head(φ(x))`, where `φ` is the source without its head, in inference mode. Without random augmentation the features of each example are computed
 * once. It has no options.
 *
 * @example
 * ```ts
 * import { featureExtraction, transfer } from '@transferkit/training'
 * import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const network = tinyNetwork(2)
 * const source = { network, variables: network.init(randomKey(1), [1, 8, 8, 1]) }
 * const probe = () => transfer({ source, target: tinyDataset({ seed: 2, size: 32 }), strategy: featureExtraction(), epochs: 5 })
 * ```
 */
export const featureExtraction = defineStrategy({
  name: 'feature-extraction',
  summary: 'Freezes the source and trains a new head on its features.',
  reference: {
    citation: 'Donahue et al., DeCAF: A Deep Convolutional Activation Feature for Generic Visual Recognition, ICML 2014.',
    url: 'https://arxiv.org/abs/1310.1531',
  },
  options: z.strictObject({}),
  prepare: ({ source, task }) =>
    networkProgram({
      network: withClasses(source.network, task.classes.length),
      source,
      startsFromSource: (path) => !isHead(path),
      trains: isHead,
      staysInInference: () => true,
    }),
})

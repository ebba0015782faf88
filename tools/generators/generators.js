import { namesOf, strategyNamesOf } from '../../packages/create-strategy/src/names.js'
import { strategySources } from '../../packages/create-strategy/src/strategy-files.js'
import { packageGenerator } from './package-generator.js'
import { kindSources } from './templates.js'

const library = { '@tensorflow/tfjs-core': '^4.22.0' }

/** Writes a package with a transfer strategy. */
export const strategy = packageGenerator({
  kind: 'strategy',
  layer: 'plugin',
  names: strategyNamesOf,
  sources: strategySources,
  description: (id) => `The transfer strategy ${id}`,
  change: (id) => `The strategy \`${id}\`.`,
  dependencies: ['@transferkit/tensor', '@transferkit/training', 'zod'],
  peerDependencies: library,
  benchmark: (id, folder) => ({ [`${id}-resnet32-batch128`]: { module: `${folder}/dist/index.js`, strategy: id, network: 'cifar-resnet32', batch: 128, size: 32 } }),
})

/** Writes a package with a network architecture. */
export const network = packageGenerator({
  kind: 'network',
  layer: 'plugin',
  names: namesOf,
  sources: kindSources('network'),
  description: (id) => `The network ${id}`,
  change: (id) => `The network \`${id}\`.`,
  dependencies: ['@transferkit/tensor', 'zod'],
  devDependencies: ['@transferkit/training'],
  peerDependencies: library,
})

/** Writes a package with a data set. */
export const dataset = packageGenerator({
  kind: 'dataset',
  layer: 'plugin',
  names: namesOf,
  sources: kindSources('dataset'),
  description: (id) => `The data set ${id}`,
  change: (id) => `The data set \`${id}\`.`,
  dependencies: ['@transferkit/datasets', '@transferkit/tensor', 'zod'],
  peerDependencies: library,
})

/** Writes a package with a backend of TensorFlow.js. */
export const backend = packageGenerator({
  kind: 'backend',
  layer: 'backend',
  names: namesOf,
  sources: kindSources('backend'),
  description: (id) => `The backend ${id} of TensorFlow.js`,
  change: (id) => `The backend \`${id}\`.`,
  dependencies: ['@transferkit/tensor'],
  devDependencies: ['@transferkit/runtime'],
  peerDependencies: { ...library, '@tensorflow/tfjs-backend-cpu': '^4.22.0' },
})

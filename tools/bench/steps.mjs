/**
 * @typedef {object} Step A training step on images that is compared.
 * @property {string} strategy Strategy that is trained: `scratch` trains all parameters.
 * @property {{ readonly candidate?: 'light' | 'threeState' }} [options] Options of the strategy.
 * @property {string} network Name of the network.
 * @property {number} batch Images in a batch.
 * @property {number} size Height and width of an image.
 * @property {'bfloat16'} [precision] What the step computes in; `float32` unless told.
 */

/**
 * Training steps that are timed, by name; all but `digits-batch64` have counterparts to be compared with. All contestants train with SGD and momentum 0.9 on one batch of random images.
 *
 * @type {Readonly<Record<string, Step>>}
 */
export const steps = {
  'resnet32-batch128': { strategy: 'scratch', network: 'cifar-resnet32', batch: 128, size: 32 },
  'resnet26-batch32': { strategy: 'scratch', network: 'resnet26', batch: 32, size: 64 },
  'resnet26-batch32-bfloat16': { strategy: 'scratch', network: 'resnet26', batch: 32, size: 64, precision: 'bfloat16' },
  'resnet26-adapters-batch32': { strategy: 'parallel-adapters', network: 'resnet26', batch: 32, size: 64 },
  'digits-batch64': { strategy: 'scratch', network: 'digit-network', batch: 64, size: 28 },
  'ptu-light-resnet32-batch128': { strategy: 'ptu', options: { candidate: 'light' }, network: 'cifar-resnet32', batch: 128, size: 32 },
  'ptu-three-state-resnet32-batch128': { strategy: 'ptu', options: { candidate: 'threeState' }, network: 'cifar-resnet32', batch: 128, size: 32 },
}

/**
 * @typedef {object} RecurrentStep A training step of a sentence classifier: an embedding of 10,000 words, one recurrent layer over full sentences, the last state, two classes.
 * @property {'lstm' | 'gru'} cell
 * @property {'light' | 'threeState'} [candidate] Candidate of the recurrent Parameter Transfer Unit; without it all of a plain network is trained.
 * @property {number} hiddenSize
 * @property {'sgd' | 'adam'} optimiser SGD has momentum 0.9.
 * @property {number} batch Sentences in a batch.
 * @property {number} length Words of a sentence.
 * @property {number} embeddingSize
 * @property {number} vocabulary
 */

/** @type {(cell: 'lstm' | 'gru', hiddenSize: number, more?: Partial<RecurrentStep>) => RecurrentStep} */
const sentences = (cell, hiddenSize, more = {}) => ({ cell, hiddenSize, optimiser: 'sgd', batch: 32, length: 40, embeddingSize: 128, vocabulary: 10_000, ...more })

/**
 * Training steps of sentence classifiers, by name.
 *
 * @type {Readonly<Record<string, RecurrentStep>>}
 */
export const recurrentSteps = {
  'lstm-128': sentences('lstm', 128),
  'lstm-256': sentences('lstm', 256),
  'lstm-128-adam': sentences('lstm', 128, { optimiser: 'adam' }),
  'gru-128': sentences('gru', 128),
  'gru-256': sentences('gru', 256),
  'ptu-lstm-128': sentences('lstm', 128, { candidate: 'light' }),
  'ptu-lstm-256': sentences('lstm', 256, { candidate: 'light' }),
  'ptu-lstm-three-state-128': sentences('lstm', 128, { candidate: 'threeState' }),
  'ptu-lstm-three-state-256': sentences('lstm', 256, { candidate: 'threeState' }),
}

/**
 * @typedef {object} MetaStep One iteration of L2T-ww from ResNet-32 to VGG-9.
 * @property {'exact' | 'finiteDifference' | 'firstOrder'} form How the meta-gradient is computed.
 * @property {number} batch Images in a batch.
 * @property {number} [innerSteps] Steps on the matching loss that are unrolled; 2 unless told.
 * @property {number} [pairs] How many of the 15 pairs of layers teach; all unless told.
 */

/**
 * Iterations of L2T-ww, by name. All contestants train with SGD, momentum 0.9 and decay 1e-4 on one batch of random images of 32×32.
 *
 * @type {Readonly<Record<string, MetaStep>>}
 */
export const metaSteps = {
  'l2t-ww-exact': { form: 'exact', batch: 128 },
  'l2t-ww-finite-difference': { form: 'finiteDifference', batch: 128 },
  'l2t-ww-first-order': { form: 'firstOrder', batch: 128 },
  'l2t-ww-exact-batch8': { form: 'exact', batch: 8 },
}

/** Looks steps up by name; a step without a name is given as JSON. @type {<S>(known: Readonly<Record<string, S>>) => (name: string | undefined) => S} */
const named = (known) => (name) => {
  if (name?.startsWith('{')) return JSON.parse(name)
  const step = known[name ?? '']
  if (step === undefined) throw new Error(`There is no step '${name}'; steps are ${Object.keys(known).join(', ')}.`)
  return step
}

/** The training step on images of that name. */
export const stepNamed = named(steps)

/** The training step on sentences of that name. */
export const recurrentStepNamed = named(recurrentSteps)

/** The iteration of L2T-ww of that name. */
export const metaStepNamed = named(metaSteps)

/**
 * Repeatable numbers in place of images, the same formula in every contestant.
 *
 * @param {number} count How many numbers.
 */
export const images = (count) => Float32Array.from({ length: count }, (_, index) => Math.sin(index * 12.9898) * 1.5)

/**
 * Repeatable words, the same formula in every contestant; neither padding nor unknown.
 *
 * @param {number} count How many words.
 * @param {number} vocabulary Number of token ids.
 */
export const tokens = (count, vocabulary) => Float32Array.from({ length: count }, (_, index) => 2 + ((index * 7919) % (vocabulary - 2)))

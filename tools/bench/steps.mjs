/**
 * @typedef {object} Step A training step that is compared.
 * @property {string} strategy Strategy that is trained: `scratch` trains all parameters.
 * @property {'cifar-resnet32' | 'resnet26' | 'digit-network'} network Name of the network.
 * @property {number} batch Images in a batch.
 * @property {number} size Height and width of an image.
 */

/**
 * Training steps that are timed, by name; all but `digits-batch64` have counterparts to be compared with. All contestants train with SGD and momentum 0.9 on one batch of random images.
 *
 * @type {Readonly<Record<string, Step>>}
 */
export const steps = {
  'resnet32-batch128': { strategy: 'scratch', network: 'cifar-resnet32', batch: 128, size: 32 },
  'resnet26-batch32': { strategy: 'scratch', network: 'resnet26', batch: 32, size: 64 },
  'resnet26-adapters-batch32': { strategy: 'parallel-adapters', network: 'resnet26', batch: 32, size: 64 },
  'digits-batch64': { strategy: 'scratch', network: 'digit-network', batch: 64, size: 28 },
}

/**
 * The step of that name.
 *
 * @param {string | undefined} name Name from the command line.
 */
export const stepNamed = (name) => {
  const step = steps[name ?? '']
  if (step === undefined) throw new Error(`There is no step '${name}'; steps are ${Object.keys(steps).join(', ')}.`)
  return step
}

/**
 * Repeatable numbers in place of images, the same formula in every contestant.
 *
 * @param {number} count How many numbers.
 */
export const images = (count) => Float32Array.from({ length: count }, (_, index) => Math.sin(index * 12.9898) * 1.5)

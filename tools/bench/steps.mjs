/**
 * Training steps that are compared, by name. All contestants train all parameters with SGD and momentum 0.9 on one batch of random images.
 */
export const steps = {
  'resnet32-batch128': { network: 'cifar-resnet32', batch: 128, size: 32 },
  'resnet26-batch32': { network: 'resnet26', batch: 32, size: 64 },
}

/** Repeatable numbers in place of images, the same formula in every contestant. */
export const images = (count) => Float32Array.from({ length: count }, (_, index) => Math.sin(index * 12.9898) * 1.5)

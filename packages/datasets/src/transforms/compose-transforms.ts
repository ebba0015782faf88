import { type BatchTransform, foldIn } from '@transferkit/tensor'

/**
 * Several transforms, one after the other, as one. Each has its own key.
 *
 * @param transforms The transforms in the order in which they are applied.
 *
 * @example
 * ```ts
 * import { composeTransforms, horizontalFlip, normalise, padCrop } from '@transferkit/datasets'
 *
 * const augment = composeTransforms(padCrop(4), horizontalFlip(), normalise({ mean: [0.5], standardDeviation: [0.25] }))
 * ```
 */
export const composeTransforms = (...transforms: readonly BatchTransform[]): BatchTransform => ({
  name: transforms.map((transform) => transform.name).join(', '),
  deterministic: transforms.every(({ deterministic }) => deterministic),
  outputShape: (exampleShape) => transforms.reduce((shape, transform) => transform.outputShape(shape), exampleShape),
  apply: (batch, key) => transforms.reduce((current, transform, index) => transform.apply(current, foldIn(key, index)), batch),
})

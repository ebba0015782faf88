import { type BatchTransform, type Dataset, foldIn, type HostBatch, type Key, TransferkitError } from '@transferkit/tensor'
import { checkedIndices } from './checks.js'
import { elementsOf, emptyLike } from './example-data.js'

/**
 * A data set whose examples go through a transform when they are read: a resize, a normalisation, grey to RGB.
 *
 * For augmentation that differs from epoch to epoch, give the transform to {@link batches} instead. A transform that makes random choices is applied
 * here to each example by itself under the key that belongs to its position, so that the example is the same whenever and with whatever it is read.
 *
 * @param dataset The set to read from.
 * @param transform What to do; several in a row are made one by {@link composeTransforms}.
 * @param key Source of randomness; needed only for a transform that makes random choices.
 * @throws TransferkitError `dataset/no-key` when such a transform is given no key, and what the transform throws for examples of this shape.
 *
 * @example
 * ```ts
 * import { arrayDataset, greyToRgb, mapDataset } from '@transferkit/datasets'
 *
 * const grey = arrayDataset({ name: 'grey', classes: ['a'], inputs: Uint8Array.of(1, 2, 3, 4), exampleShape: [2, 2, 1], labels: [0] })
 * const rgb = mapDataset(grey, greyToRgb()) // exampleShape [2, 2, 3]
 * ```
 */
export const mapDataset = (dataset: Dataset, transform: BatchTransform, key?: Key): Dataset => {
  if (!transform.deterministic && key === undefined) {
    throw new TransferkitError('dataset/no-key', `${dataset.name}: the transform ${transform.name} makes random choices; give mapDataset a key for them.`)
  }
  const exampleShape = transform.outputShape(dataset.exampleShape)
  const { specVersion, name, task, size, labels } = dataset
  return {
    specVersion,
    name,
    task,
    size,
    exampleShape,
    labels,
    read: async (indices) => {
      const positions = checkedIndices(indices, dataset)
      const batch = await dataset.read(positions)
      // The key of a transform that makes no choices is never looked at.
      if (transform.deterministic || key === undefined) return transform.apply(batch, { high: 0, low: 0 })
      const ones = Array.from(positions, (position, row) => transform.apply(exampleAt(batch, row), foldIn(key, position)))
      const elements = elementsOf(exampleShape)
      const inputs = emptyLike(ones[0]?.inputs ?? batch.inputs, positions.length * elements)
      ones.forEach((one, row) => inputs.set(one.inputs, row * elements))
      return { ...batch, inputs, shape: [positions.length, ...exampleShape] }
    },
  }
}

const exampleAt = ({ inputs, shape, labels, indices }: HostBatch, row: number): HostBatch => {
  const elements = inputs.length / labels.length
  return {
    inputs: inputs.subarray(row * elements, (row + 1) * elements),
    shape: [1, ...shape.slice(1)],
    labels: labels.subarray(row, row + 1),
    indices: indices.subarray(row, row + 1),
  }
}

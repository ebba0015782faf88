import { type Dataset, type ExampleData, TransferkitError } from '@transferkit/tensor'
import { checkedIndices, checkFinite, checkLabels } from './checks.js'
import { elementsOf, emptyLike } from './example-data.js'

/** What an in-memory data set is made of. */
export interface ArrayDatasetOptions {
  /** Name for reports and messages. */
  readonly name: string
  /** Names of the classes; a label is a position in this list. */
  readonly classes: readonly string[]
  /** Values of all examples, one after the other. They are not copied: do not change them afterwards. */
  readonly inputs: ExampleData
  /** Shape of one example, `[height, width, channel]` for images. */
  readonly exampleShape: readonly number[]
  /** One label an example. */
  readonly labels: ArrayLike<number>
}

/**
 * A data set of arrays in memory.
 *
 * @param options The arrays, and what they mean.
 * @throws TransferkitError `dataset/count-mismatch` when the numbers of inputs and labels differ, `data/label-out-of-range`, `data/not-finite` for NaN or an
 * infinity, `dataset/bad-shape`, `dataset/bad-classes`.
 *
 * @example
 * ```ts
 * import { arrayDataset } from '@transferkit/datasets'
 *
 * const points = arrayDataset({
 *   name: 'points',
 *   classes: ['left', 'right'],
 *   inputs: Float32Array.of(-1, 0, 1, 2),
 *   exampleShape: [2],
 *   labels: [0, 1],
 * })
 * ```
 */
export const arrayDataset = (options: ArrayDatasetOptions): Dataset => {
  const { name, classes, inputs, exampleShape } = options
  if (exampleShape.length === 0 || exampleShape.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new TransferkitError('dataset/bad-shape', `${name}: the shape of an example is a list of whole numbers from 1, not [${exampleShape.join(', ')}].`)
  }
  const elements = elementsOf(exampleShape)
  if (inputs.length !== options.labels.length * elements) {
    throw new TransferkitError(
      'dataset/count-mismatch',
      `${name}: there are ${options.labels.length} labels, and ${inputs.length} values make ${inputs.length / elements} examples of shape [${exampleShape.join(', ')}]. ` +
        'Do the inputs and the labels belong together?',
    )
  }
  checkLabels(options.labels, classes, name)
  checkFinite(inputs, elements, name)
  const labels = Int32Array.from(options.labels)
  const dataset = { name, size: labels.length }
  return {
    specVersion: 1,
    name,
    task: { kind: 'classification', classes },
    size: labels.length,
    exampleShape,
    labels,
    read: (indices) => {
      const positions = checkedIndices(indices, dataset)
      const batch = emptyLike(inputs, positions.length * elements)
      positions.forEach((position, row) => batch.set(inputs.subarray(position * elements, (position + 1) * elements), row * elements))
      return { inputs: batch, shape: [positions.length, ...exampleShape], labels: positions.map((position) => labels[position] ?? 0), indices: positions }
    },
  }
}

import { type Dataset, type HostBatch, TransferkitError } from '@transferkit/tensor'
import { checkedIndices } from './checks.js'
import { elementsOf, emptyLike } from './example-data.js'

/**
 * Several data sets of the same classes and example shape, one after the other, as one. Nothing is copied.
 *
 * @param datasets The parts, at least one.
 * @param name Name of the whole; the names of the parts joined by `+` unless told.
 * @throws TransferkitError `dataset/parts-differ` when classes, shapes or element types differ, or when there is no part.
 *
 * @example
 * ```ts
 * import { arrayDataset, concatenate } from '@transferkit/datasets'
 *
 * const part = arrayDataset({ name: 'part', classes: ['a', 'b'], inputs: Uint8Array.of(1, 2), exampleShape: [1], labels: [0, 1] })
 * const twice = concatenate([part, part], 'twice')
 * ```
 */
export const concatenate = (datasets: readonly Dataset[], name = datasets.map((part) => part.name).join('+')): Dataset => {
  const [first] = datasets
  if (first === undefined) throw new TransferkitError('dataset/parts-differ', 'concatenate: give at least one data set.')
  for (const part of datasets) {
    if (part.exampleShape.join() !== first.exampleShape.join()) {
      throw new TransferkitError(
        'dataset/parts-differ',
        `concatenate: an example of ${part.name} has the shape [${part.exampleShape.join(', ')}], one of ${first.name} has [${first.exampleShape.join(', ')}]. Resize one of them (mapDataset with resize).`,
      )
    }
    if (part.task.classes.length !== first.task.classes.length || part.task.classes.some((label, index) => label !== first.task.classes[index])) {
      throw new TransferkitError('dataset/parts-differ', `concatenate: ${part.name} and ${first.name} do not have the same classes in the same order.`)
    }
  }
  const starts: number[] = []
  let size = 0
  for (const part of datasets) {
    starts.push(size)
    size += part.size
  }
  const labels = new Int32Array(size)
  datasets.forEach((part, index) => labels.set(part.labels, starts[index] ?? 0))
  const elements = elementsOf(first.exampleShape)
  const lineLength = first.exampleShape.at(-1) ?? 1
  return {
    specVersion: 1,
    name,
    task: first.task,
    size,
    exampleShape: first.exampleShape,
    labels,
    read: async (indices) => {
      const positions = checkedIndices(indices, { name, size })
      let inputs: HostBatch['inputs'] | undefined
      for (const [index, part] of datasets.entries()) {
        const start = starts[index] ?? 0
        const rows = [...positions.keys()].filter((row) => (positions[row] ?? 0) >= start && (positions[row] ?? 0) < start + part.size)
        if (rows.length === 0) continue
        const batch = await part.read(rows.map((row) => (positions[row] ?? 0) - start))
        inputs ??= emptyLike(batch.inputs, positions.length * elements)
        if (inputs.constructor !== batch.inputs.constructor) {
          throw new TransferkitError(
            'dataset/parts-differ',
            `${name}: ${part.name} holds ${batch.inputs.constructor.name} and another part ${inputs.constructor.name}. Normalise both (mapDataset with normalise) or neither.`,
          )
        }
        // A batch of sequences may be cut along its last axis; the rest of each line is padding, 0.
        const cut = batch.shape.at(-1) !== lineLength
        const pieces = cut ? elements / lineLength : 1
        const stride = elements / pieces
        const length = cut ? (batch.shape.at(-1) ?? 0) : elements
        for (const [row, target] of rows.entries()) {
          for (let piece = 0; piece < pieces; piece++) {
            const start = (row * pieces + piece) * length
            inputs.set(batch.inputs.subarray(start, start + length), target * elements + piece * stride)
          }
        }
      }
      return {
        inputs: inputs ?? new Uint8Array(0),
        shape: [positions.length, ...first.exampleShape],
        labels: positions.map((position) => labels[position] ?? 0),
        indices: positions,
      }
    },
  }
}

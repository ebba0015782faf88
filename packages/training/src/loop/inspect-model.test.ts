import { type Dataset, type Inspection, readSync, type TransferProgram, zeros } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { evenlySpread, inspectModel } from './inspect-model.js'

const classes = ['a', 'b', 'c', 'd']

/** Examples that hold their own position; classes take turns. */
const numbered = (size: number, exampleSize = 1): Dataset => ({
  specVersion: 1,
  name: 'numbered',
  task: { kind: 'classification', classes },
  size,
  exampleShape: [exampleSize],
  labels: Int32Array.from({ length: size }, (_, index) => index % 4),
  read: (indices) => ({
    inputs: Float32Array.from({ length: indices.length * exampleSize }, (_, position) => indices[Math.floor(position / exampleSize)] ?? -1),
    shape: [indices.length, exampleSize],
    labels: Int32Array.from(indices, (index) => index % 4),
    indices: Int32Array.from(indices),
  }),
})

/** Shows the examples that it was given, by their label. */
const program: TransferProgram = {
  init: () => ({ params: {}, frozen: {}, state: {} }),
  forward: () => ({ logits: zeros([1, 4]), taps: {}, state: {} }),
  inspect: (_variables, inputs, labels): readonly Inspection[] => {
    const [values, classOf, size] = [readSync(inputs), readSync(labels), inputs.shape[1] ?? 1]
    const series = Object.fromEntries(classes.map((name, label) => [name, Object.fromEntries([...classOf].flatMap((found, row) => (found === label ? [[String(values[row * size]), found]] : [])))]))
    return [{ name: 'seen', title: 'Seen', rowAxis: 'position', valueAxis: 'label', series }]
  },
}

const positionsSeen = async (dataset: Dataset, batchSize = 32): Promise<readonly number[]> => {
  const [inspection] = await inspectModel(program, { params: {}, frozen: {}, state: {}, extra: {} }, dataset, [], batchSize)
  const seen = Object.values(inspection!.series).flatMap((rows) => Object.entries(rows))
  // Labels came with the examples that they belong to.
  for (const [position, label] of seen) expect(label).toBe(Number(position) % 4)
  return seen.map(([position]) => Number(position)).sort((left, right) => left - right)
}

describe('a look at a model', () => {
  test('takes all examples of a small data set', async () => {
    expect(await positionsSeen(numbered(50))).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  test('takes 256 examples of a large one, one out of each stretch, of all classes', async () => {
    const seen = await positionsSeen(numbered(1024))
    expect(seen.map((position) => Math.floor(position / 4))).toEqual(Array.from({ length: 256 }, (_, index) => index))
    const perClass = [0, 1, 2, 3].map((label) => seen.filter((position) => position % 4 === label).length)
    for (const count of perClass) expect(count).toBeGreaterThan(40)
  })

  test('takes fewer large examples, but a batch at least', async () => {
    expect(await positionsSeen(numbered(300, 2 ** 14))).toHaveLength(64)
    expect(await positionsSeen(numbered(300, 2 ** 14), 80)).toHaveLength(80)
  })

  test('the spread is the same each time', () => {
    expect(evenlySpread(1000, 10)).toEqual(evenlySpread(1000, 10))
  })
})

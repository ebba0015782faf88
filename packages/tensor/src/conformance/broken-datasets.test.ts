import { describe, expect, test } from 'vitest'
import type { Dataset, HostBatch } from '../contracts/dataset.js'
import { TransferkitError } from '../error.js'
import { permutation } from '../random/host.js'
import { datasetProperties } from './dataset-properties.js'
import { brokenProperties } from './property.js'
import { testDataset } from './test-dataset.js'

const values = (): Float32Array => Float32Array.from({ length: 12 }, (_, index) => index / 4)

const made = (change: Partial<Dataset> = {}, data = values()): Dataset => {
  const dataset: Dataset = {
    specVersion: 1,
    name: 'points',
    task: { kind: 'classification', classes: ['left', 'right'] },
    size: 6,
    exampleShape: [2],
    labels: Int32Array.of(0, 1, 1, 0, 1, 0),
    order: (key) => permutation(key, 6),
    read: (indices) => {
      const wrong = [...indices].find((index) => index < 0 || index >= 6)
      if (wrong !== undefined) throw new TransferkitError('dataset/index-out-of-range', `There is no example ${wrong}.`)
      return {
        inputs: Float32Array.from([...indices].flatMap((index) => [...data.subarray(2 * index, 2 * index + 2)])),
        shape: [indices.length, 2],
        labels: Int32Array.from(indices, (index) => dataset.labels[index]!),
        indices: Int32Array.from(indices),
      }
    },
    ...change,
  }
  return dataset
}

const sound = made()
const reading = (change: (batch: HostBatch, indices: readonly number[]) => Partial<HostBatch>): Dataset =>
  made({ read: async (indices) => {
    const batch = await sound.read(indices)
    return { ...batch, ...change(batch, [...indices]) }
  } })

const cases: readonly (readonly [property: string, mistake: string, dataset: () => Dataset])[] = [
  ['description', 'a label too high', () => made({ labels: Int32Array.of(0, 1, 2, 0, 1, 0) })],
  ['description', 'a label too few', () => made({ labels: Int32Array.of(0, 1, 1, 0, 1, 0, 1) })],
  ['description', 'a class named twice', () => made({ task: { kind: 'classification', classes: ['left', 'left'] } })],
  ['reading', 'a batch without its axis', () => reading(() => ({ shape: [2] }))],
  ['reading', 'labels in the order of the file', () => reading((_batch, indices) => ({ labels: sound.labels.slice(0, indices.length) }))],
  ['reading', 'examples in the order of the file', () => reading((batch, indices) => ({ inputs: indices.length === 1 ? batch.inputs : Float32Array.from(batch.inputs).sort() }))],
  ['finite', 'a NaN', () => made({}, values().fill(Number.NaN, 6, 7))],
  ['unchanged', 'a view of its own memory', () => {
    const batches = new Map<string, HostBatch | Promise<HostBatch>>()
    return made({ read: (indices) => {
      const name = String([...indices])
      if (!batches.has(name)) batches.set(name, sound.read(indices))
      return batches.get(name)!
    } })
  }],
  ['range', 'silence about a position that there is not', () => made({ read: (indices) => sound.read([...indices].map((index) => (index + 6) % 6)) })],
  ['order', 'an order with one example twice', () => made({ order: () => Int32Array.of(0, 1, 2, 3, 4, 4) })],
]

describe('of the properties of a data set, exactly the one meant is broken by', () => {
  test.each(cases)('%s: %s', async (property, _mistake, dataset) => {
    const broken = await brokenProperties("data set 'points'", datasetProperties, dataset())
    expect([...broken.keys()].filter((name) => property !== 'range' || name === 'range')).toEqual([property])
    expect(broken.get(property)).toMatchSnapshot()
  })
})

testDataset({ name: 'points', open: () => sound })

import { type Dataset, randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { horizontalFlip } from '../transforms/horizontal-flip.js'
import { padCrop } from '../transforms/pad-crop.js'
import { arrayDataset } from './array-dataset.js'
import { batches, type BatchesOptions, batchesPerEpoch, type PositionedBatch } from './batches.js'

const images = arrayDataset({
  name: 'images',
  classes: ['a', 'b'],
  inputs: Uint8Array.from({ length: 23 * 12 }, (_, index) => index % 251),
  exampleShape: [2, 3, 2],
  labels: Array.from({ length: 23 }, (_, index) => index % 2),
})
const all = async (options: BatchesOptions, dataset: Dataset = images): Promise<PositionedBatch[]> => {
  const list: PositionedBatch[] = []
  for await (const batch of batches(dataset, options)) list.push(batch)
  return list
}

describe('batches', () => {
  test('every epoch has every example once, in its own order', async () => {
    const list = await all({ batchSize: 5, key: randomKey(1), epochs: 3 })
    expect(list).toHaveLength(15)
    const orders = [0, 1, 2].map((epoch) => list.filter(({ position }) => position.epoch === epoch).flatMap(({ indices }) => [...indices]))
    for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual([...Array(23).keys()])
    expect(new Set(orders.map(String)).size).toBe(3)
    expect(list[4]?.shape).toEqual([3, 2, 3, 2])
  })

  test('without shuffling the order is that of the set', async () => {
    const list = await all({ batchSize: 10, key: randomKey(1), shuffle: false, epochs: 2 })
    expect(list.flatMap(({ indices }) => [...indices])).toEqual([...Array(23).keys(), ...Array(23).keys()])
  })

  test('an incomplete last batch is left out where asked', async () => {
    const list = await all({ batchSize: 10, key: randomKey(1), dropLast: true })
    expect(list.map(({ indices }) => indices.length)).toEqual([10, 10])
    expect([batchesPerEpoch(23, { batchSize: 10 }), batchesPerEpoch(23, { batchSize: 10, dropLast: true }), batchesPerEpoch(20, { batchSize: 10 })]).toEqual([3, 2, 2])
  })

  test('a run resumed after any batch sees exactly what a straight run sees', async () => {
    const options = { batchSize: 7, key: randomKey(5), epochs: 3, transforms: [padCrop(1), horizontalFlip()] }
    const straight = await all(options)
    for (const [index, { next }] of straight.entries()) {
      expect(await all({ ...options, startAt: next })).toEqual(straight.slice(index + 1))
    }
  })

  test('the same key gives the same batches, another one others', async () => {
    const options = { batchSize: 7, transforms: [padCrop(1)] }
    expect(await all({ ...options, key: randomKey(1) })).toEqual(await all({ ...options, key: randomKey(1) }))
    expect(await all({ ...options, key: randomKey(1) })).not.toEqual(await all({ ...options, key: randomKey(2) }))
  })

  test('the next batch is asked for while one is in use, and no more than that', async () => {
    let reads = 0
    const watched: Dataset = { ...images, read: async (indices) => ((reads += 1), images.read(indices)) }
    const iterator = batches(watched, { batchSize: 5, key: randomKey(1), epochs: Infinity })
    await iterator.next()
    await Promise.resolve()
    expect(reads).toBe(2)
    await iterator.next()
    expect(reads).toBe(3)
    await iterator.return()
  })

  test('a failed read is reported when its batch is asked for', async () => {
    let reads = 0
    const broken: Dataset = {
      ...images,
      read: async (indices) => {
        reads += 1
        if (reads === 2) throw new Error('the disk is gone')
        return images.read(indices)
      },
    }
    const iterator = batches(broken, { batchSize: 5, key: randomKey(1) })
    await expect(iterator.next()).resolves.toMatchObject({ done: false })
    await new Promise((resolve) => setTimeout(resolve, 5))
    await expect(iterator.next()).rejects.toThrow('the disk is gone')
  })

  test('an end that was reached stays reached', async () => {
    expect(await all({ batchSize: 5, key: randomKey(1), epochs: 2, startAt: { epoch: 2, batch: 0 } })).toEqual([])
  })

  test.each([
    ['batches/bad-option', { batchSize: 0 }],
    ['batches/bad-option', { batchSize: 1.5 }],
    ['batches/bad-option', { batchSize: 5, epochs: -1 }],
    ['batches/bad-option', { batchSize: 5, startAt: { epoch: 0, batch: 5 } }],
    ['batches/empty', { batchSize: 24, dropLast: true }],
  ])('refuses %s', async (code, options) => {
    await expect(all({ key: randomKey(1), ...options })).rejects.toMatchObject({ code })
  })
})

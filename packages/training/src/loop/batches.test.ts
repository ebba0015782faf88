import { type Dataset, foldIn, type HostBatch, integerArray, permutation, randomKey } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { batchReader, readAhead } from './batches.js'
import { holdOut } from './hold-out.js'

const dataset = tinyDataset({ seed: 1, size: 10 })

/** Positions of the examples of the first steps. */
const readSteps = async (set: Dataset, steps: number): Promise<readonly number[][]> => {
  const next = batchReader(randomKey(1), 4, set, [])
  const batches: number[][] = []
  for (let step = 0; step < steps; step++) batches.push([...(await next(step)).indices])
  return batches
}

/** Backwards, from a random place on. */
const order = (key: Parameters<NonNullable<Dataset['order']>>[0]): Int32Array => {
  const [start = 0] = integerArray(key, 1, 10)
  return Int32Array.from({ length: 10 }, (_, index) => (start + 10 - index) % 10)
}

describe('the order of an epoch', () => {
  test('is a uniform permutation unless the data set says otherwise', async () => {
    const expected = permutation(foldIn(foldIn(randomKey(1), 'order'), 0), 10)
    expect(await readSteps(dataset, 2)).toEqual([[...expected.subarray(0, 4)], [...expected.subarray(4, 8)]])
  })

  test("is the data set's own where it has one, with another key each epoch", async () => {
    const asked: number[] = []
    const own: Dataset = { ...dataset, order: (key, batchSize) => (asked.push(batchSize), order(key)) }
    const epochs = [0, 1].map((epoch) => order(foldIn(foldIn(randomKey(1), 'order'), epoch)))
    expect(await readSteps(own, 4)).toEqual(epochs.flatMap((epoch) => [[...epoch.subarray(0, 4)], [...epoch.subarray(4, 8)]]))
    expect(asked).toEqual([4, 4])
  })

  test.each([
    ['too short', [0, 1, 2]],
    ['with a position twice', [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]],
    ['with a position outside', [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]],
  ])('is refused: %s', async (_, wrong) => {
    await expect(readSteps({ ...dataset, order: () => Int32Array.from(wrong) }, 1)).rejects.toMatchObject({ code: 'data/bad-order' })
  })

  test('of a held-out part is that of the whole without the other part', () => {
    const { training, validation } = holdOut({ ...dataset, order }, 0.2, randomKey(2))
    for (const part of [training, validation]) {
      const positions = part.order?.(randomKey(3), 4) ?? new Int32Array(0)
      expect([...positions].toSorted((a, b) => a - b)).toEqual(Array.from({ length: part.size }, (_, index) => index))
    }
    expect(holdOut(dataset, 0.2, randomKey(2)).training).not.toHaveProperty('order')
  })
})

describe('reading ahead', () => {
  const recorded = (failing?: number): { readonly read: (step: number) => Promise<HostBatch>; readonly asked: readonly number[] } => {
    const asked: number[] = []
    const read = async (step: number): Promise<HostBatch> => {
      asked.push(step)
      await new Promise((resolve) => setTimeout(resolve))
      if (step === failing) throw new Error(`no batch ${step}`)
      return dataset.read([step])
    }
    return { asked, read }
  }

  test('gives the same batches from any step on, reads each once, one ahead and none after the end', async () => {
    const { read, asked } = recorded()
    const { next } = readAhead(read, 5)
    for (const step of [2, 3, 4]) {
      expect([...(await next(step)).indices]).toEqual([step])
      expect(asked).toEqual([2, 3, 4].slice(0, step))
    }
  })

  test('reports a failure at the step whose batch cannot be read', async () => {
    const { next, settle } = readAhead(recorded(1).read, 3)
    await next(0)
    await settle()
    const again = readAhead(recorded(1).read, 3)
    await again.next(0)
    await expect(again.next(1)).rejects.toThrow('no batch 1')
  })

  test('settles when nothing is read any more', async () => {
    let isReading = 0
    const { next, settle } = readAhead(async (step) => {
      isReading += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
      isReading -= 1
      return dataset.read([step])
    }, 3)
    await settle()
    await next(0)
    expect(isReading).toBe(1)
    await settle()
    expect(isReading).toBe(0)
  })
})

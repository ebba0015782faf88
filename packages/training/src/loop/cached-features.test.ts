import { type Dataset, multiply, type ProgramVariables, release, scalar, sum, type Tensor, tensor, type TransferProgram, variable, zeros } from '@transferkit/tensor'
import { describe, expect, test, vi } from 'vitest'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { cacheFeatures, type FeatureSource, type ProgramWithPrefix } from './cached-features.js'
import type { FeatureStore } from './feature-store.js'
import { memoryFeatureStore } from './memory-feature-store.js'

// Two whole chunks and a part of one.
const dataset = tinyDataset({ seed: 1, size: 70 })

/** Sums of the pixels, times a factor that is frozen. */
const compute = vi.fn(({ frozen }: ProgramVariables, inputs: Tensor): Tensor => multiply(sum(inputs, [1, 2]), variable(frozen, 'factor')))

const program: ProgramWithPrefix = {
  init: () => ({ params: {}, frozen: {}, state: {} }),
  forward: () => ({ logits: zeros([1, 4]), taps: {}, state: {} }),
  prefix: { identity: 'sums', tensors: ({ frozen }) => frozen, compute, forward: () => ({ logits: zeros([1, 4]), taps: {}, state: {} }) } satisfies TransferProgram['prefix'],
}

const order = [69, 0, 31, 32, 0, 64]

/** Sums of the pixels of some examples, times 2. */
const expected = async (): Promise<readonly number[]> => {
  const { inputs } = await dataset.read(order)
  return order.map((_index, row) => 2 * Float64Array.from(inputs.subarray(64 * row, 64 * (row + 1))).reduce((total, value) => total + value, 0))
}

const withFeatures = async (changes: Partial<FeatureSource>, use: (features: Awaited<ReturnType<typeof cacheFeatures>>) => Promise<void>): Promise<void> => {
  let frozen: Readonly<Record<string, Tensor>> = { factor: scalar(2) }
  const given: FeatureSource = { program, variables: () => ({ params: {}, frozen, state: {} }), dataset, transforms: [], store: memoryFeatureStore(), shouldStop: () => Promise.resolve(false), ...changes }
  compute.mockClear()
  const features = await cacheFeatures(given)
  // As after a step, the model has other tensors of the same values.
  release(frozen)
  frozen = { factor: tensor([2], []) }
  await use(features)
  release(frozen)
}

const expectRows = async (features: Awaited<ReturnType<typeof cacheFeatures>>): Promise<void> => {
  const batch = await features!.dataset.read(order)
  expect(batch).toMatchObject({ shape: [6, 1], indices: Int32Array.from(order), labels: Int32Array.from(order, (index) => index % 4) })
  const sums = await expected()
  sums.forEach((value, row) => expect(batch.inputs[row]).toBeCloseTo(value, 3))
}

const forgetful: FeatureStore = { maximumBytes: 1000, get: () => Promise.resolve(undefined), put: () => Promise.resolve() }

describe('features as a data set', () => {
  test('are held, and found by position', async () => {
    await withFeatures({}, async (features) => {
      await expectRows(features)
      expect(compute).toHaveBeenCalledTimes(3)
      expect(features).toMatchObject({ dataset: { exampleShape: [1], size: 70 }, report: { prefix: 'sums', examples: 70, bytes: 280, from: 'computed', notes: [] } })
      await expect(Promise.resolve(features!.dataset.read([70]))).rejects.toThrow('there is no example 70')
    })
  })

  test('are not kept where they are not of one shape, as those of each step of sequences', async () => {
    const shorter: Dataset = {
      ...dataset,
      read: async (indices) => {
        const batch = await dataset.read(indices)
        return indices[0] === 0 ? batch : { ...batch, inputs: batch.inputs.subarray(0, 32 * indices.length), shape: [indices.length, 8, 4, 1] }
      },
    }
    const steps = vi.fn(({ frozen }: ProgramVariables, inputs: Tensor): Tensor => multiply(inputs, variable(frozen, 'factor')))
    await withFeatures({ dataset: shorter, program: { ...program, prefix: { ...program.prefix, compute: steps } } }, async (features) => {
      expect(features).toBeUndefined()
      expect(steps).toHaveBeenCalledTimes(2)
      await Promise.resolve()
    })
  })

  test('are asked of the store where they are too large to hold', async () => {
    await withFeatures({ largestHeld: 100 }, async (features) => {
      await expectRows(features)
      expect(compute).toHaveBeenCalledTimes(3)
    })
  })

  test('are computed again, with the model as it is then, where the store has forgotten them', async () => {
    await withFeatures({ largestHeld: 100, store: forgetful }, async (features) => {
      await expectRows(features)
      expect(compute).toHaveBeenCalledTimes(6)
    })
  })

  test('are not kept where they are too large for both', async () => {
    await withFeatures({ largestHeld: 100, store: { ...forgetful, maximumBytes: 279 } }, (features) => {
      expect(features).toBeUndefined()
      expect(compute).toHaveBeenCalledTimes(1)
      return Promise.resolve()
    })
  })

  test('do without a store where the platform has no SHA-256', async () => {
    const { subtle } = crypto
    Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true })
    try {
      const put = vi.spyOn(forgetful, 'put')
      await withFeatures({ store: forgetful }, expectRows)
      expect(put).not.toHaveBeenCalled()
    } finally {
      Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true })
    }
  })

  test('stop when they are told to', async () => {
    await withFeatures({ shouldStop: () => Promise.resolve(true) }, (features) => {
      expect(features).toBeUndefined()
      return Promise.resolve()
    })
  })
})

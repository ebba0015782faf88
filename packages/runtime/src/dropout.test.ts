import { dropout, foldIn, type Key, ones, randomKey, readSync, scope, uniformArray } from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Runtime } from './backend.js'
import { backendsToTest } from './backends.fixture.js'

describe.each(backendsToTest)('dropout on $name drops by the numbers of the host', ({ open }) => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = await open()
  })
  afterAll(() => {
    runtime.close()
  })

  const expectHostNumbers = (key: Key, shape: readonly number[], rate: number): void => {
    const count = shape.reduce((product, size) => product * size, 1)
    const found = scope(() => readSync(dropout(ones(shape), key, { rate })).slice())
    const expected = uniformArray(key, count).map((value) => (value < rate ? 0 : 1 / (1 - rate)))
    expect(found.findIndex((value, index) => !Object.is(value, expected[index]))).toBe(-1)
    expect(found).toHaveLength(count)
  }

  test.each([[[]], [[1]], [[31]], [[32, 1]], [[3, 11]], [[1, 2, 3, 4, 5]], [[0, 4]], [[1, 32768]], [[257, 257]]])('in the shape [%s]', (shape) => {
    expectHostNumbers(foldIn(randomKey(3), String(shape)), shape, 0.4)
  })

  test.each([0, 1e-9, 0.1, 1 / 3, 0.5, 0.7, 1 - 2 ** -24, 1 - 1e-9])('at the rate %d', (rate) => {
    expectHostNumbers(foldIn(randomKey(4), 'rate'), [70_001], rate)
  })

  test('at a rate that a number meets exactly', () => {
    const key = randomKey(5)
    expectHostNumbers(key, [100], uniformArray(key, 1)[0] ?? 0)
  })

  test.each([
    { high: 0, low: 0 },
    { high: 2 ** 32 - 1, low: 2 ** 31 },
    { high: 2 ** 31, low: 2 ** 32 - 1 },
  ])('from the key $high:$low', (key) => {
    expectHostNumbers(key, [1001], 0.5)
  })
})

import { describe, expect, test } from 'vitest'
import type { FeatureStore, StoredFeatures } from './feature-store.js'
import { memoryFeatureStore } from './memory-feature-store.js'
import { tieredFeatureStore } from './tiered-feature-store.js'

const silent = (text: string): void => {
  throw new Error(`There was nothing to note, but: ${text}`)
}

/** Features of one example, of 4 bytes a number. */
const features = (...values: readonly number[]): StoredFeatures => ({ shape: [1, values.length], values: Float32Array.from(values) })

const has = async (store: FeatureStore, ...keys: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(keys.map(async (key) => ((await store.get(key, silent)) === undefined ? [] : [key])))
  return found.flat()
}

describe('a store in memory', () => {
  test('gives back what it was given', async () => {
    const store = memoryFeatureStore()
    await store.put('a', features(1, 2), silent)
    expect(await store.get('a', silent)).toEqual({ ...features(1, 2), from: 'memory' })
    expect(await store.get('b', silent)).toBeUndefined()
    expect(store.maximumBytes).toBe(2 ** 30)
  })

  test('forgets what was used least recently', async () => {
    const store = memoryFeatureStore({ maximumBytes: 24 })
    for (const key of ['a', 'b', 'c']) await store.put(key, features(1, 2), silent)
    await store.get('a', silent)
    await store.put('d', features(1, 2), silent)
    expect(await has(store, 'a', 'b', 'c', 'd')).toEqual(['a', 'c', 'd'])
    await store.put('e', features(1, 2, 3, 4), silent)
    expect(await has(store, 'a', 'c', 'd', 'e')).toEqual(['d', 'e'])
  })

  test('does not keep what is larger than itself, and counts what it replaces once', async () => {
    const store = memoryFeatureStore({ maximumBytes: 12 })
    await store.put('a', features(1), silent)
    await store.put('large', features(1, 2, 3, 4), silent)
    expect(await has(store, 'a', 'large')).toEqual(['a'])
    for (let time = 0; time < 9; time++) await store.put('a', features(time), silent)
    await store.put('b', features(1, 2), silent)
    expect(await has(store, 'a', 'b')).toEqual(['a', 'b'])
  })
})

test('of two tiers the front one is asked first, and gets what only the other has', async () => {
  const [front, behind] = [memoryFeatureStore({ maximumBytes: 8 }), memoryFeatureStore()]
  const store = tieredFeatureStore(front, behind)
  expect(store.maximumBytes).toBe(behind.maximumBytes)
  await store.put('a', features(1, 2), silent)
  await store.put('b', features(3, 4), silent)
  expect([await has(front, 'a', 'b'), await has(behind, 'a', 'b')]).toEqual([['b'], ['a', 'b']])
  expect(await store.get('a', silent)).toMatchObject(features(1, 2))
  expect(await has(front, 'a', 'b')).toEqual(['a'])
  expect(await store.get('c', silent)).toBeUndefined()
})

import type { FeatureStore } from './feature-store.js'

/**
 * Two feature stores as one: a fast one in front, such as memory, and a large one behind it, such as a folder. Features are kept in both; what only the
 * one behind has is brought to the front when it is used.
 *
 * @param front Asked first.
 * @param behind Asked for what is not in front.
 *
 * @example
 * ```ts
 * import { memoryFeatureStore, tieredFeatureStore } from '@transferkit/training'
 * import { folderFeatureStore } from '@transferkit/training/node'
 *
 * const features = tieredFeatureStore(memoryFeatureStore(), folderFeatureStore('cache/features'))
 * ```
 */
export const tieredFeatureStore = (front: FeatureStore, behind: FeatureStore): FeatureStore => ({
  maximumBytes: Math.max(front.maximumBytes, behind.maximumBytes),
  get: async (key, note) => {
    const near = await front.get(key, note)
    if (near !== undefined) return near
    const far = await behind.get(key, note)
    if (far !== undefined) await front.put(key, far, note)
    return far
  },
  put: async (key, features, note) => {
    await front.put(key, features, note)
    await behind.put(key, features, note)
  },
})

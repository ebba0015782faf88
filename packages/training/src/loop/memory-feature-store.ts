import type { FeatureStore, FeatureStoreOptions, StoredFeatures } from './feature-store.js'

/**
 * A feature store in memory, for trainings of one process. It keeps up to 1 GiB unless told.
 *
 * @param options How much it keeps.
 *
 * @example
 * ```ts
 * import type { Dataset, TrainedNetwork } from '@transferkit/tensor'
 * import { featureExtraction, memoryFeatureStore, partial, transfer } from '@transferkit/training'
 *
 * const compare = async (source: TrainedNetwork, target: Dataset) => {
 *   const features = memoryFeatureStore({ maximumBytes: 2 ** 28 })
 *   for (const strategy of [featureExtraction(), partial({ freezeFirst: 1 })]) await transfer({ source, target, strategy, epochs: 5, features })
 * }
 * ```
 */
export const memoryFeatureStore = ({ maximumBytes = 2 ** 30 }: FeatureStoreOptions = {}): FeatureStore => {
  // A map keeps the order in which keys were set: the first one was used least recently.
  const kept = new Map<string, StoredFeatures>()
  let bytes = 0
  const forget = (key: string): void => {
    bytes -= kept.get(key)?.values.byteLength ?? 0
    kept.delete(key)
  }
  return {
    maximumBytes,
    get: (key) => {
      const features = kept.get(key)
      if (features === undefined) return Promise.resolve(undefined)
      kept.delete(key)
      kept.set(key, features)
      return Promise.resolve({ ...features, from: 'memory' })
    },
    put: (key, { shape, values }) => {
      forget(key)
      if (values.byteLength <= maximumBytes) {
        for (const oldest of kept.keys()) {
          if (bytes + values.byteLength <= maximumBytes) break
          forget(oldest)
        }
        kept.set(key, { shape, values })
        bytes += values.byteLength
      }
      return Promise.resolve()
    },
  }
}

/** Features of some examples, on the host. Nobody changes the values: a store hands out its own. */
export interface StoredFeatures {
  /** Sizes of the axes; the first is the number of examples. */
  readonly shape: readonly number[]
  /** The elements, the last axis first. */
  readonly values: Float32Array
}

/** Features that a store had, and where. */
export interface FoundFeatures extends StoredFeatures {
  /** Where they were kept. */
  readonly from: 'memory' | 'disk'
}

/**
 * Told, in words, of what went wrong without doing harm, such as a damaged file whose features are computed again.
 *
 * @param text A sentence for a person.
 */
export type StoreNote = (text: string) => void

/**
 * Keeps features of frozen prefixes between phases, trainings and processes, by their content.
 *
 * A store may forget at any time and never fails a training: what it cannot keep, or cannot read any more, is computed again, with a note.
 */
export interface FeatureStore {
  /** How many bytes of features it keeps at most; what was used least recently goes first. */
  readonly maximumBytes: number
  /**
   * Looks for features.
   *
   * @param key SHA-256 of all that they depend on, in hexadecimal.
   * @param note Told of trouble.
   * @returns The features; `undefined` where they are not kept.
   */
  get(key: string, note: StoreNote): Promise<FoundFeatures | undefined>
  /**
   * Keeps features, if it can.
   *
   * @param key SHA-256 of all that they depend on, in hexadecimal.
   * @param features The features.
   * @param note Told of trouble.
   */
  put(key: string, features: StoredFeatures, note: StoreNote): Promise<void>
}

/** Settings of a feature store. */
export interface FeatureStoreOptions {
  /** How many bytes of features it keeps at most. */
  readonly maximumBytes?: number
}

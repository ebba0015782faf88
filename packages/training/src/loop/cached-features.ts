import { type BatchTransform, type Dataset, type FrozenPrefix, type HostBatch, type ProgramVariables, randomKey, read, release, scope, TransferkitError, type TransferProgram } from '@transferkit/tensor'
import { consecutive, inputsOf, readBatch } from './batches.js'
import type { FeaturesCached } from './events.js'
import { featureKeys } from './feature-keys.js'
import type { FeatureStore, FoundFeatures, StoredFeatures } from './feature-store.js'

/** Number of examples whose features are computed and kept together. It does not follow the batch size, so that trainings share what they keep. */
const chunkSize = 32

/** A program with a frozen prefix. @internal */
export type ProgramWithPrefix = TransferProgram & { readonly prefix: FrozenPrefix }

/**
 * Whether the features of a frozen prefix may be computed once an example: the loss is known on features, and nothing random stands in front of them.
 *
 * @internal
 */
export const mayCacheFeatures = (program: TransferProgram, transforms: readonly BatchTransform[]): program is ProgramWithPrefix =>
  program.prefix !== undefined && program.step === undefined && (program.loss === undefined || program.prefix.loss !== undefined) && transforms.every(({ deterministic }) => deterministic)

/** What to compute features with, and of what. @internal */
export interface FeatureSource {
  readonly program: ProgramWithPrefix
  /** The model, as it is when asked. */
  readonly variables: () => ProgramVariables
  readonly dataset: Dataset
  readonly transforms: readonly BatchTransform[]
  readonly store: FeatureStore
  /** Asked between chunks, which take long. */
  readonly shouldStop: () => Promise<boolean>
  /** The training holds its features itself up to this many bytes, 1 GiB unless told; beyond, it asks the store for them in every step. */
  readonly largestHeld?: number
}

/** A program that trains on features, the features as a data set, and where they came from. @internal */
export interface CachedFeatures {
  readonly program: TransferProgram
  readonly dataset: Dataset
  readonly report: Omit<FeaturesCached, 'type' | 'step'>
}

interface Chunk extends StoredFeatures {
  readonly key: string | undefined
  readonly from: FeaturesCached['from']
}

const compute = async (prefix: FrozenPrefix, variables: ProgramVariables, batch: HostBatch): Promise<StoredFeatures> => {
  const features = scope(() => prefix.compute(variables, inputsOf(batch)))
  try {
    return { shape: [...features.shape], values: await read(features) }
  } finally {
    release(features)
  }
}

/** The program as it runs on features. */
const onFeatures = ({ prefix, ...program }: ProgramWithPrefix): TransferProgram => {
  const loss = prefix.loss?.bind(prefix)
  return { ...program, forward: (variables, features, mode) => prefix.forward(variables, features, mode), ...(loss === undefined ? {} : { loss }) }
}

/**
 * Gets the features of all examples of a data set: those that the store has, and computes the others.
 *
 * @returns `undefined` when features are too large to keep or not of one shape, or it was told to stop.
 * @internal
 */
export const cacheFeatures = async ({ program, variables, dataset, transforms, store, shouldStop, largestHeld = 2 ** 30 }: FeatureSource): Promise<CachedFeatures | undefined> => {
  const begun = performance.now()
  const { prefix } = program
  const keyOf = await featureKeys(prefix, variables())
  const notes = new Set<string>()
  const note = (text: string): void => void notes.add(text)
  const fits = (found: FoundFeatures | undefined, examples: number): found is FoundFeatures => found?.shape[0] === examples

  const obtain = async (indices: Int32Array): Promise<Chunk> => {
    // Deterministic transforms ignore their key.
    const batch = await readBatch(dataset, indices, transforms, randomKey(0))
    const key = await keyOf?.(batch)
    const found = key === undefined ? undefined : await store.get(key, note)
    if (fits(found, indices.length)) return { ...found, key }
    const features = await compute(prefix, variables(), batch)
    if (key !== undefined) await store.put(key, features, note)
    return { ...features, key, from: 'computed' }
  }

  const chunks = consecutive(dataset.size, chunkSize)
  const held: StoredFeatures[] = []
  const keys: (string | undefined)[] = []
  const origins = new Set<FeaturesCached['from']>()
  let [exampleShape, bytes]: readonly [readonly number[], number] = [[], 0]
  for (const indices of chunks) {
    if (await shouldStop()) return undefined
    const { key, from, ...features } = await obtain(indices)
    if (keys.length === 0) {
      exampleShape = features.shape.slice(1)
      bytes = (features.values.byteLength / indices.length) * dataset.size
      if (bytes > Math.max(largestHeld, keyOf === undefined ? 0 : store.maximumBytes)) return undefined
    }
    // Batches of sequences are cut to their longest one, so features of each step differ in shape from chunk to chunk.
    if (String(features.shape.slice(1)) !== String(exampleShape)) return undefined
    keys.push(key)
    origins.add(from)
    if (bytes <= largestHeld) held.push(features)
  }
  const chunkAt = async (position: number): Promise<StoredFeatures> => {
    const [key, indices = new Int32Array(0)] = [keys[position], chunks[position]]
    const features = held[position] ?? (key === undefined ? undefined : await store.get(key, note))
    return features ?? obtain(indices)
  }
  return {
    program: onFeatures(program),
    dataset: { ...dataset, name: `${dataset.name}/features`, exampleShape, read: (indices) => readRows(dataset, chunkAt, exampleShape, indices) },
    report: {
      prefix: prefix.identity,
      examples: dataset.size,
      bytes,
      from: (['computed', 'disk'] as const).find((origin) => origins.has(origin)) ?? 'memory',
      seconds: (performance.now() - begun) / 1000,
      notes: [...notes],
    },
  }
}

/** A batch of features, row by row from the chunks that they stand in. */
const readRows = async (
  dataset: Dataset,
  chunkAt: (position: number) => Promise<StoredFeatures>,
  exampleShape: readonly number[],
  indices: readonly number[] | Int32Array,
): Promise<HostBatch> => {
  const outside = indices.find((index) => index < 0 || index >= dataset.size)
  if (outside !== undefined) throw new TransferkitError('dataset/index-out-of-range', `'${dataset.name}' has ${dataset.size} examples; there is no example ${outside}.`)
  const exampleSize = exampleShape.reduce((product, size) => product * size, 1)
  const inputs = new Float32Array(indices.length * exampleSize)
  const met = new Map<number, StoredFeatures>()
  for (const [row, index] of indices.entries()) {
    const position = Math.floor(index / chunkSize)
    const chunk = met.get(position) ?? (await chunkAt(position))
    met.set(position, chunk)
    const start = (index - position * chunkSize) * exampleSize
    inputs.set(chunk.values.subarray(start, start + exampleSize), row * exampleSize)
  }
  return { inputs, shape: [indices.length, ...exampleShape], labels: Int32Array.from(indices, (index) => dataset.labels[index] ?? 0), indices: Int32Array.from(indices) }
}

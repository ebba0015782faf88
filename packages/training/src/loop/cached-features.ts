import { type BatchTransform, type Dataset, read, scope, type ProgramVariables, randomKey, type TransferProgram, type FrozenPrefix, release, TransferkitError } from '@transferkit/tensor'
import { consecutive, inputsOf, readBatch } from './batches.js'

/** Features are kept in memory up to this many bytes; beyond, they are computed again in every step. */
const largestCache = 2 ** 30

/** A program that trains on features, and the features of all examples as a data set. @internal */
export interface CachedFeatures {
  readonly program: TransferProgram
  readonly dataset: Dataset
}

/** Whether the features of a frozen prefix may be computed once an example: nothing else looks at the inputs, and nothing about them is random. */
const mayCache = (program: TransferProgram, transforms: readonly BatchTransform[]): program is TransferProgram & { readonly prefix: FrozenPrefix } =>
  program.prefix !== undefined && program.loss === undefined && program.step === undefined && transforms.every(({ deterministic }) => deterministic)

/**
 * Computes the features of the frozen prefix of a program once an example.
 *
 * @returns The program and the data set to train on instead; `undefined` where features cannot be kept.
 * @internal
 */
export const cacheFeatures = async (
  program: TransferProgram,
  variables: ProgramVariables,
  dataset: Dataset,
  transforms: readonly BatchTransform[],
  batchSize: number,
): Promise<CachedFeatures | undefined> => {
  if (!mayCache(program, transforms)) return undefined
  const { prefix } = program
  let features = new Float32Array(0)
  let exampleShape: readonly number[] = []
  for (const indices of consecutive(dataset.size, batchSize)) {
    // Deterministic transforms ignore their key.
    const batch = await readBatch(dataset, indices, transforms, randomKey(0))
    const computed = scope(() => prefix.compute(variables, inputsOf(batch)))
    const values = await readAndRelease(computed)
    const exampleSize = values.length / indices.length
    if (features.length === 0) {
      if (exampleSize * dataset.size * 4 > largestCache) return undefined
      exampleShape = computed.shape.slice(1)
      features = new Float32Array(exampleSize * dataset.size)
    }
    features.set(values, (indices[0] ?? 0) * exampleSize)
  }
  const { prefix: _prefix, ...rest } = program
  return {
    program: { ...rest, forward: (all, inputs, mode) => prefix.forward(all, inputs, mode) },
    dataset: { ...dataset, name: `${dataset.name}/features`, exampleShape, read: (indices) => readFeatures(dataset, features, exampleShape, indices) },
  }
}

const readAndRelease = async (computed: Parameters<typeof read>[0]): Promise<Float32Array> => {
  try {
    // Features are floats.
    return (await read(computed)) as Float32Array
  } finally {
    release(computed)
  }
}

const readFeatures = (dataset: Dataset, features: Float32Array, exampleShape: readonly number[], indices: readonly number[] | Int32Array): Awaited<ReturnType<Dataset['read']>> => {
  const exampleSize = features.length / dataset.size
  const inputs = new Float32Array(indices.length * exampleSize)
  indices.forEach((index, row) => {
    if (index < 0 || index >= dataset.size) throw new TransferkitError('dataset/index-out-of-range', `'${dataset.name}' has ${dataset.size} examples; there is no example ${index}.`)
    inputs.set(features.subarray(index * exampleSize, (index + 1) * exampleSize), row * exampleSize)
  })
  return { inputs, shape: [indices.length, ...exampleShape], labels: Int32Array.from(indices, (index) => dataset.labels[index] ?? 0), indices: Int32Array.from(indices) }
}

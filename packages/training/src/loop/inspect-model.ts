import { type BatchTransform, type Dataset, type Inspection, type ProgramVariables, randomKey, scope, type TrainingState, type TransferProgram, uniformArray } from '@transferkit/tensor'
import { batchOnBackend, readBatch, transformedShape } from './batches.js'

/** How many examples a look takes at most, and how many numbers they have together at most: all activations for them are in memory at once. */
const [mostExamples, mostNumbers] = [256, 2 ** 20]

/** Positions of examples spread evenly over a data set: one out of each stretch, where in it is drawn, because classes may take turns. @internal */
export const evenlySpread = (size: number, count: number): Int32Array => {
  const taken = Math.min(size, count)
  return Int32Array.from(uniformArray(randomKey(0), taken, 0, 1), (within, index) => Math.min(size - 1, Math.floor(((index + within) * size) / taken)))
}

/** Whether a program has something to show. @internal */
export const hasInspections = (program: TransferProgram): boolean => program.inspect !== undefined || program.inspectExtra !== undefined

/**
 * What a program has to show of its model and of the state beside it, on up to 256 examples spread evenly over the data set; fewer where they are large, but a batch at least.
 *
 * @internal
 */
export const inspectModel = async (
  program: TransferProgram,
  model: ProgramVariables & Pick<TrainingState, 'extra'>,
  dataset: Dataset,
  transforms: readonly BatchTransform[],
  batchSize: number,
): Promise<readonly Inspection[]> => {
  const exampleSize = transformedShape(dataset.exampleShape, transforms).reduce((product, size) => product * size, 1)
  const count = Math.min(mostExamples, Math.max(batchSize, Math.floor(mostNumbers / exampleSize)))
  const batch = await readBatch(dataset, evenlySpread(dataset.size, count), transforms, randomKey(0))
  return scope(() => {
    const { inputs, labels } = batchOnBackend(batch)
    const { extra, ...variables } = model
    return [...(program.inspect?.(variables, inputs, labels) ?? []), ...(program.inspectExtra?.(extra, variables, inputs, labels) ?? [])]
  })
}

import {
  type AnyTensorTree,
  type Batch,
  type BatchTransform,
  type Dataset,
  foldIn,
  type HostBatch,
  integerTensor,
  type Key,
  type Labels,
  permutation,
  type Tensor,
  tensor,
  TransferkitError,
} from '@transferkit/tensor'

/** Number of steps in an epoch; the examples that do not fill a batch are left out, in another order each epoch. @internal */
export const stepsPerEpoch = (size: number, batchSize: number): number => Math.max(1, Math.floor(size / batchSize))

/** The order of an epoch: the data set's own, where it has one. */
const epochOrder = (dataset: Dataset, key: Key, batchSize: number): Int32Array => {
  const { name, size } = dataset
  if (dataset.order === undefined) return permutation(key, size)
  const order = dataset.order(key, batchSize)
  const met = new Uint8Array(size)
  for (const position of order) met[position] = 1
  const missing = met.indexOf(0)
  if (order.length !== size || missing !== -1) {
    throw new TransferkitError(
      'data/bad-order',
      `The order that '${name}' gives for an epoch has ${order.length} positions${missing === -1 ? '' : `, and example ${missing} is not among them`}; it must name each of its ${size} examples once. Mend its method 'order', or leave it out.`,
    )
  }
  return order
}

/**
 * Finds the positions of the examples of any step. Each epoch has its own random order, a pure function of the key, so that a training can go on from any step.
 */
const stepIndices = (key: Key, dataset: Dataset, batchSize: number): ((step: number) => Int32Array) => {
  const { size } = dataset
  const steps = stepsPerEpoch(size, batchSize)
  // Kept for the epoch, because to draw the order of a large data set takes longer than a small step.
  let drawn: { readonly epoch: number; readonly order: Int32Array } | undefined
  return (step) => {
    const epoch = Math.floor(step / steps)
    if (drawn?.epoch !== epoch) drawn = { epoch, order: epochOrder(dataset, foldIn(key, epoch), batchSize) }
    const start = (step % steps) * batchSize
    return drawn.order.subarray(start, Math.min(size, start + batchSize))
  }
}

/** Reads examples and transforms them. @internal */
export const readBatch = async (dataset: Dataset, indices: Int32Array | readonly number[], transforms: readonly BatchTransform[], key: Key): Promise<HostBatch> => {
  const batch = await dataset.read(indices)
  return transforms.reduce((current, transform, index) => transform.apply(current, foldIn(key, index)), batch)
}

/** Reads the batch of any step; a pure function of the key and the number of the step. @internal */
export const batchReader = (key: Key, batchSize: number, dataset: Dataset, transforms: readonly BatchTransform[]): ((step: number) => Promise<HostBatch>) => {
  const indicesOf = stepIndices(foldIn(key, 'order'), dataset, batchSize)
  const transformKey = foldIn(key, 'transforms')
  return (step) => readBatch(dataset, indicesOf(step), transforms, foldIn(transformKey, step))
}

/** Batches of which the next one is prepared while one is in use. @internal */
export interface BatchesAhead {
  /** Gives the batch of a step, and begins to read that of the step after it. */
  readonly next: (step: number) => Promise<HostBatch>
  /** Waits until nothing is read any more. */
  readonly settle: () => Promise<void>
}

/**
 * Reads one batch ahead: what a data set reads from a disk or decodes in other threads goes on while TensorFlow computes, which holds up everything else in this one.
 *
 * @param read Reads the batch of any step; a pure function, so that it does not matter when it is asked.
 * @param end Number of the step that is not read any more.
 * @internal
 */
export const readAhead = (read: (step: number) => Promise<HostBatch>, end: number): BatchesAhead => {
  let ahead: { readonly step: number; readonly batch: Promise<HostBatch> } | undefined
  return {
    next: async (step) => {
      const batch = await (ahead?.step === step ? ahead.batch : read(step))
      ahead = step + 1 < end ? { step: step + 1, batch: read(step + 1) } : undefined
      // A failure is reported at the step whose batch it is.
      ahead?.batch.catch(() => undefined)
      return batch
    },
    settle: async () => {
      await ahead?.batch.catch(() => undefined)
      ahead = undefined
    },
  }
}

/** Shape of an example after all transforms. @internal */
export const transformedShape = (exampleShape: readonly number[], transforms: readonly BatchTransform[]): readonly number[] =>
  transforms.reduce((shape, transform) => transform.outputShape(shape), exampleShape)

/** Positions of a data set in runs of at most `batchSize`, in order. @internal */
export const consecutive = (size: number, batchSize: number): readonly Int32Array[] =>
  Array.from({ length: Math.ceil(size / batchSize) }, (_, index) => {
    const start = index * batchSize
    return Int32Array.from({ length: Math.min(batchSize, size - start) }, (_unused, offset) => start + offset)
  })

/** The examples of a batch as a tensor of floats; bytes keep their values, 0 to 255, unless a transform has normalised them. @internal */
export const inputsOf = ({ inputs, shape }: Pick<HostBatch, 'inputs' | 'shape'>): Tensor => tensor(inputs, shape)

/** A batch on the backend. @internal */
export const batchOnBackend = (batch: HostBatch, source?: HostBatch): Batch & AnyTensorTree => {
  const uploaded = (host: HostBatch): { readonly inputs: Tensor; readonly labels: Labels } => ({
    inputs: inputsOf(host),
    labels: integerTensor(host.labels, [host.labels.length]),
  })
  return { ...uploaded(batch), ...(source === undefined ? {} : { source: uploaded(source) }) }
}

/**
 * Checks what a data set promises, before hours are spent on it.
 *
 * @throws TransferkitError `data/empty` or `data/label-out-of-range`.
 * @internal
 */
export const checkDataset = ({ name, size, labels, task }: Dataset): void => {
  if (size === 0) throw new TransferkitError('data/empty', `The data set '${name}' has no examples.`)
  const wrong = labels.findIndex((label) => label < 0 || label >= task.classes.length)
  if (wrong !== -1) {
    throw new TransferkitError('data/label-out-of-range', `Example ${wrong} of '${name}' has the label ${labels[wrong] ?? 0}, but the task has ${task.classes.length} classes, numbered from 0.`)
  }
}

import { type BatchTransform, type Dataset, foldIn, type HostBatch, type Key, permutation, TransferkitError } from '@transferkit/tensor'
import { composeTransforms } from '../transforms/compose-transforms.js'

/** A place in an endless sequence of batches. */
export interface BatchPosition {
  /** Number of the epoch, from 0. */
  readonly epoch: number
  /** Number of the batch within its epoch, from 0. */
  readonly batch: number
}

/** A batch that knows where it stands. */
export interface PositionedBatch extends HostBatch {
  /** Where this batch stands. */
  readonly position: BatchPosition
  /** Where the batch after this one stands: save it, and give it as `startAt` to go on from there. */
  readonly next: BatchPosition
}

/** How to cut a data set into batches. */
export interface BatchesOptions {
  /** Examples in a batch. */
  readonly batchSize: number
  /** Source of randomness, for the order and for the transforms. */
  readonly key: Key
  /** Whether each epoch has its own random order (that of the data set's `order`, where it has one), yes unless told. */
  readonly shuffle?: boolean
  /** Whether a last batch of fewer examples is left out, no unless told. */
  readonly dropLast?: boolean
  /** What is done to each batch, in this order; nothing unless told. */
  readonly transforms?: readonly BatchTransform[]
  /** Number of the epoch to stop before, 1 unless told; `Infinity` never stops. */
  readonly epochs?: number
  /** Where to begin, at the start of epoch 0 unless told. */
  readonly startAt?: BatchPosition
}

/**
 * Number of batches in an epoch.
 *
 * @param size Number of examples.
 * @param options Batch size, and whether an incomplete last batch is left out.
 *
 * @example
 * ```ts
 * import { batchesPerEpoch } from '@transferkit/datasets'
 *
 * const steps = batchesPerEpoch(1000, { batchSize: 128 }) // 8
 * ```
 */
export const batchesPerEpoch = (size: number, options: { readonly batchSize: number; readonly dropLast?: boolean }): number =>
  options.dropLast === true ? Math.floor(size / options.batchSize) : Math.ceil(size / options.batchSize)

/**
 * Cuts a data set into batches, epoch after epoch, as an async iterator.
 *
 * The order of epoch `e` and the random choices of batch `(e, b)` depend on the key, `e` and `b` only. So a run that stopped after a batch and starts
 * again at its `next` sees exactly the batches that it would have seen. While one batch is in use, the next one is prepared.
 *
 * @param dataset The set to read.
 * @param options Batch size, key, order, transforms, where to begin and to end.
 * @throws TransferkitError `batches/bad-option` for a batch size or position that cannot be, `batches/empty` when there is nothing to read.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { arrayDataset, batches, normalise } from '@transferkit/datasets'
 *
 * const train = arrayDataset({ name: 'train', classes: ['a', 'b'], inputs: Uint8Array.of(0, 255), exampleShape: [1, 1, 1], labels: [0, 1] })
 * for await (const batch of batches(train, { batchSize: 2, key: randomKey(1), transforms: [normalise({ mean: [0.5], standardDeviation: [0.5] })] })) {
 *   console.log(batch.position.epoch, batch.shape, batch.labels)
 * }
 * ```
 */
export async function* batches(dataset: Dataset, options: BatchesOptions): AsyncGenerator<PositionedBatch, void, undefined> {
  const { batchSize, key, shuffle = true, transforms = [], epochs = 1, startAt = { epoch: 0, batch: 0 } } = options
  if (!Number.isInteger(batchSize) || batchSize < 1) throw badOption(dataset.name, `the batch size is a whole number from 1, not ${batchSize}`)
  if (epochs !== Infinity && (!Number.isInteger(epochs) || epochs < 0)) throw badOption(dataset.name, `the number of epochs is a whole number from 0, or Infinity, not ${epochs}`)
  const perEpoch = batchesPerEpoch(dataset.size, options)
  if (perEpoch === 0) {
    throw new TransferkitError(
      'batches/empty',
      `${dataset.name}: its ${dataset.size} examples make no batch of ${batchSize}. ${dataset.size === 0 ? 'Choose a set that has examples.' : 'Choose a smaller batchSize, or set dropLast to false.'}`,
    )
  }
  if (!Number.isInteger(startAt.epoch) || startAt.epoch < 0 || !Number.isInteger(startAt.batch) || startAt.batch < 0 || startAt.batch >= perEpoch) {
    throw badOption(dataset.name, `a position has an epoch from 0 and a batch from 0 to ${perEpoch - 1}, not epoch ${startAt.epoch}, batch ${startAt.batch}; was it saved with another batchSize?`)
  }
  // Said here, before the first batch is read, because a wrong shape is the caller's mistake and not the data's.
  const transform = composeTransforms(...transforms)
  transform.outputShape(dataset.exampleShape)

  const orderKey = foldIn(key, 'order')
  const transformKey = foldIn(key, 'transform')
  let order: { readonly epoch: number; readonly positions: Int32Array } | undefined
  const positionsOf = ({ epoch, batch }: BatchPosition): Int32Array => {
    const start = batch * batchSize
    const end = Math.min(start + batchSize, dataset.size)
    if (!shuffle) return Int32Array.from({ length: end - start }, (_, index) => start + index)
    if (order?.epoch !== epoch) order = { epoch, positions: dataset.order?.(foldIn(orderKey, epoch), batchSize) ?? permutation(foldIn(orderKey, epoch), dataset.size) }
    return order.positions.slice(start, end)
  }
  const after = ({ epoch, batch }: BatchPosition): BatchPosition => (batch + 1 < perEpoch ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 })
  const prepare = async (position: BatchPosition): Promise<PositionedBatch> => {
    const batchKey = foldIn(foldIn(transformKey, position.epoch), position.batch)
    const read = await dataset.read(positionsOf(position))
    return { ...transform.apply(read, batchKey), position, next: after(position) }
  }

  let position = startAt
  let prepared = position.epoch < epochs ? prepare(position) : undefined
  while (prepared !== undefined) {
    const batch: PositionedBatch = await prepared
    position = after(position)
    prepared = position.epoch < epochs ? prepare(position) : undefined
    // A failure is reported when the batch is asked for, not while another is in use.
    prepared?.catch(() => undefined)
    yield batch
  }
}

const badOption = (name: string, problem: string): TransferkitError => new TransferkitError('batches/bad-option', `Batches of ${name}: ${problem}.`)

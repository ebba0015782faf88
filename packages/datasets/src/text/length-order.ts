import { foldIn, type Key, permutation } from '@transferkit/tensor'

/** Batches of examples in one window: enough that rows of a batch are nearly as long as each other, few enough that batches differ from epoch to epoch. */
const batchesPerWindow = 50

/**
 * A random order in which the examples of a batch are about as long as each other.
 *
 * All examples are shuffled; each window of them is sorted by length and cut into batches; then the batches of all windows are shuffled. Examples that fill
 * no batch are at the end, other ones for each key.
 */
export const lengthOrder = (lengths: ArrayLike<number>, key: Key, batchSize: number): Int32Array => {
  const order = permutation(foldIn(key, 'examples'), lengths.length)
  const batches = Math.floor(order.length / batchSize)
  const filled = batches * batchSize
  const windowSize = batchesPerWindow * batchSize
  for (let start = 0; start < filled; start += windowSize) {
    order.subarray(start, Math.min(filled, start + windowSize)).sort((left, right) => (lengths[left] ?? 0) - (lengths[right] ?? 0))
  }
  const shuffled = order.slice()
  permutation(foldIn(key, 'batches'), batches).forEach((from, to) => shuffled.set(order.subarray(from * batchSize, (from + 1) * batchSize), to * batchSize))
  return shuffled
}

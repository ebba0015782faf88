import { type Key, threefry } from './key.js'

const unit = 2 ** -24

/** Fills an array from 32-bit random words, one a position. */
const fillFromWords = <A extends Float32Array | Int32Array>(key: Key, array: A, convert: (word: number) => number): A => {
  const words = new Uint32Array(2)
  for (let index = 0; index < array.length; index += 2) {
    threefry(key, 0, index >>> 1, words)
    array[index] = convert(words[0] ?? 0)
    if (index + 1 < array.length) array[index + 1] = convert(words[1] ?? 0)
  }
  return array
}

/**
 * Uniform random numbers on the host.
 *
 * @param key Source of randomness.
 * @param count How many numbers.
 * @param minimum Smallest possible number, 0 unless told.
 * @param maximum Upper bound, 1 unless told; only rounding to 32 bits can reach it, in an interval that is narrow for its place.
 *
 * @example
 * ```ts
 * import { randomKey, uniformArray } from '@transferkit/tensor'
 *
 * const shifts = uniformArray(randomKey(1), 32, -4, 4)
 * ```
 */
export const uniformArray = (key: Key, count: number, minimum = 0, maximum = 1): Float32Array =>
  fillFromWords(key, new Float32Array(count), (word) => minimum + (maximum - minimum) * ((word >>> 8) * unit))

/**
 * Normally distributed random numbers on the host, by the Box-Muller transform.
 *
 * @param key Source of randomness.
 * @param count How many numbers.
 * @param mean Mean of the distribution, 0 unless told.
 * @param standardDeviation Standard deviation, 1 unless told.
 *
 * @example
 * ```ts
 * import { normalArray, randomKey } from '@transferkit/tensor'
 *
 * const noise = normalArray(randomKey(1), 100)
 * ```
 */
export const normalArray = (key: Key, count: number, mean = 0, standardDeviation = 1): Float32Array => {
  const array = new Float32Array(count)
  const words = new Uint32Array(2)
  for (let index = 0; index < count; index += 2) {
    threefry(key, 0, index >>> 1, words)
    const radius = Math.sqrt(-2 * Math.log(((words[0] ?? 0) + 1) / 2 ** 32))
    const angle = (2 * Math.PI * (words[1] ?? 0)) / 2 ** 32
    array[index] = mean + standardDeviation * radius * Math.cos(angle)
    if (index + 1 < count) array[index + 1] = mean + standardDeviation * radius * Math.sin(angle)
  }
  return array
}

/**
 * Whole random numbers on the host.
 *
 * @param key Source of randomness.
 * @param count How many numbers.
 * @param bound Upper bound, never reached; the smallest number is 0.
 *
 * @example
 * ```ts
 * import { integerArray, randomKey } from '@transferkit/tensor'
 *
 * const offsets = integerArray(randomKey(1), 32, 9)
 * ```
 */
export const integerArray = (key: Key, count: number, bound: number): Int32Array =>
  fillFromWords(key, new Int32Array(count), (word) => Math.floor((word / 2 ** 32) * bound))

/**
 * A random order of the numbers from 0 to `count - 1`, every order equally likely.
 *
 * @param key Source of randomness.
 * @param count How many numbers.
 *
 * @example
 * ```ts
 * import { permutation, randomKey } from '@transferkit/tensor'
 *
 * const order = permutation(randomKey(1), 1000)
 * ```
 */
export const permutation = (key: Key, count: number): Int32Array => {
  const order = Int32Array.from({ length: count }, (_, index) => index)
  const words = new Uint32Array(2)
  for (let last = count - 1; last > 0; last--) {
    threefry(key, 2, last, words)
    const other = Math.floor(((words[0] ?? 0) / 2 ** 32) * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
  return order
}

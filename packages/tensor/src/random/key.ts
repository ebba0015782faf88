import { TransferkitError } from '../error.js'

/**
 * A source of randomness as a value: 64 bits that stand for an endless stream of random numbers.
 *
 * A key is never changed by use. Using it twice gives the same numbers twice; to get other numbers, derive another key by
 * {@link splitKey} or {@link foldIn}. This is what makes a run repeatable bit for bit, and a resumed run equal to one that was never stopped.
 */
export interface Key {
  /** The upper 32 bits, as an unsigned integer. */
  readonly high: number
  /** The lower 32 bits, as an unsigned integer. */
  readonly low: number
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const
const parity = 0x1bd11bda

/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011): a bijection of 64-bit blocks chosen by a 64-bit key.
 *
 * @internal
 * @returns The two output words as unsigned integers, written to `output`.
 */
export const threefry = (key: Key, high: number, low: number, output: Uint32Array): void => {
  const schedule = [key.high, key.low, (key.high ^ key.low ^ parity) >>> 0] as const
  let x = (high + schedule[0]) >>> 0
  let y = (low + schedule[1]) >>> 0
  for (let group = 0; group < 5; group++) {
    for (let round = 0; round < 4; round++) {
      const rotation = rotations[(group % 2) * 4 + round] ?? 0
      x = (x + y) >>> 0
      y = ((y << rotation) | (y >>> (32 - rotation))) >>> 0
      y = (y ^ x) >>> 0
    }
    x = (x + (schedule[(group + 1) % 3] ?? 0)) >>> 0
    y = (y + (schedule[(group + 2) % 3] ?? 0) + group + 1) >>> 0
  }
  output[0] = x
  output[1] = y
}

const block = (key: Key, high: number, low: number): Key => {
  const words = new Uint32Array(2)
  threefry(key, high >>> 0, low >>> 0, words)
  return { high: words[0] ?? 0, low: words[1] ?? 0 }
}

/** How a key follows from another one. */
export interface KeyDerivation {
  /** The key that it follows from, a stand-in made by {@link standInKey}. */
  readonly origin: Key
  /** Derives the key from the words of any origin. */
  readonly derive: (origin: Key) => Key
}

const derivation = Symbol('how the key follows from its origin')

/** A key whose words are found when they are first asked for. */
const lazyKey = (words: () => Key, follows: (key: Key) => KeyDerivation): Key => {
  let found: Key | undefined
  const key: Key = {
    get high() {
      return (found ??= words()).high
    },
    get low() {
      return (found ??= words()).low
    },
  }
  return Object.defineProperty(key, derivation, { value: follows(key) })
}

/**
 * A key that stands for one that a function gets as its input, so that a compiler can tell what is drawn from it, and draw it again from another key.
 *
 * Keys that are derived from it remember how ({@link derivationOf}); their words are derived when they are read.
 *
 * @param words Gives the key that it stands for now, for its two words of 32 bits; called when these are first read, once.
 * @returns A key for every function that takes one.
 *
 * @example
 * ```ts
 * import { foldIn, randomKey, standInKey } from '@transferkit/tensor'
 *
 * const key = foldIn(standInKey(() => randomKey(1)), 'stage1')
 * ```
 */
export const standInKey = (words: () => Key): Key => lazyKey(words, (origin) => ({ origin, derive: (key) => key }))

/**
 * How a key follows from a stand-in; undefined for a key that follows from none.
 *
 * @param key A key.
 *
 * @example
 * ```ts
 * import { derivationOf, foldIn, randomKey, standInKey } from '@transferkit/tensor'
 *
 * const key = foldIn(standInKey(() => randomKey(1)), 'stage1')
 * const other = derivationOf(key)?.derive(randomKey(2)) // foldIn(randomKey(2), 'stage1')
 * ```
 */
export const derivationOf = (key: Key): KeyDerivation | undefined =>
  // Only lazy keys have the property, and theirs is of this type.
  (key as Key & { readonly [derivation]?: KeyDerivation })[derivation]

/** Derives a key: at once, or from a lazy key when its words are read. */
const derived = (key: Key, derive: (key: Key) => Key): Key => {
  const parent = derivationOf(key)
  return parent === undefined ? derive(key) : lazyKey(() => derive(key), () => ({ origin: parent.origin, derive: (origin) => derive(parent.derive(origin)) }))
}

/**
 * Makes a key from a seed.
 *
 * @param seed A whole number from 0 to 2^53 - 1.
 * @throws TransferkitError `random/seed` when the seed is not such a number.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 *
 * const key = randomKey(1)
 * ```
 */
export const randomKey = (seed: number): Key => {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new TransferkitError('random/seed', `A seed is a whole number from 0 to 2^53 - 1, not ${seed}.`)
  }
  return { high: Math.floor(seed / 2 ** 32), low: seed >>> 0 }
}

/**
 * Derives two independent keys from one.
 *
 * @param key The key to split; do not use it for anything else afterwards.
 *
 * @example
 * ```ts
 * import { randomKey, splitKey } from '@transferkit/tensor'
 *
 * const [forWeights, forShuffling] = splitKey(randomKey(1))
 * ```
 */
export function splitKey(key: Key): readonly [Key, Key]
/**
 * Derives any number of independent keys from one.
 *
 * @param key The key to split; do not use it for anything else afterwards.
 * @param count How many keys to make.
 *
 * @example
 * ```ts
 * import { randomKey, splitKey } from '@transferkit/tensor'
 *
 * const keysOfSeeds = splitKey(randomKey(1), 5)
 * ```
 */
export function splitKey(key: Key, count: number): readonly Key[]
export function splitKey(key: Key, count = 2): readonly Key[] {
  return Array.from({ length: count }, (_, index) => derived(key, (from) => block(from, 0, index)))
}

const folded = (key: Key, data: number | string): Key => {
  if (typeof data === 'number') return block(key, 1 + Math.floor(data / 2 ** 32), data)
  let result = block(key, 0xffffffff, data.length)
  for (const character of data) result = block(result, 0xfffffffe, character.codePointAt(0) ?? 0)
  return result
}

/**
 * Derives the key that belongs to a number or a name, for example to a step or to a layer.
 *
 * @param key The key to derive from.
 * @param data A whole number (a step, an epoch) or a name (a layer, a parameter).
 *
 * @example
 * ```ts
 * import { foldIn, randomKey } from '@transferkit/tensor'
 *
 * const keyOfStep = foldIn(randomKey(1), 120)
 * const keyOfLayer = foldIn(keyOfStep, 'stage1')
 * ```
 */
export const foldIn = (key: Key, data: number | string): Key => derived(key, (from) => folded(from, data))

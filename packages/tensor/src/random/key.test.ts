import { describe, expect, test, vi } from 'vitest'
import { TransferkitError } from '../error.js'
import { derivationOf, foldIn, type Key, randomKey, splitKey, standInKey, threefry } from './key.js'

const word = (hexadecimal: string): number => Number.parseInt(hexadecimal, 16)

const nameOf = ({ high, low }: Key): string => `${high}:${low}`

describe('Threefry-2x32 with 20 rounds gives the published known answers', () => {
  // From `kat_vectors` of the Random123 library by the authors of the generator.
  test.each([
    { counter: ['00000000', '00000000'], key: ['00000000', '00000000'], output: ['6b200159', '99ba4efe'] },
    { counter: ['ffffffff', 'ffffffff'], key: ['ffffffff', 'ffffffff'], output: ['1cb996fc', 'bb002be7'] },
    { counter: ['243f6a88', '85a308d3'], key: ['13198a2e', '03707344'], output: ['c4923a9c', '483df7a0'] },
  ] as const)('key $key, counter $counter', ({ counter, key, output }) => {
    const words = new Uint32Array(2)
    threefry({ high: word(key[0]), low: word(key[1]) }, word(counter[0]), word(counter[1]), words)
    expect([...words].map((value) => value.toString(16).padStart(8, '0'))).toEqual(output)
  })
})

describe('randomKey', () => {
  test('holds all 53 bits of a seed', () => {
    expect(randomKey(0)).toEqual({ high: 0, low: 0 })
    expect(randomKey(2 ** 32 + 5)).toEqual({ high: 1, low: 5 })
    expect(randomKey(Number.MAX_SAFE_INTEGER)).toEqual({ high: 2 ** 21 - 1, low: 2 ** 32 - 1 })
  })

  test.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (seed) => {
    expect(() => randomKey(seed)).toThrow(TransferkitError)
    expect(() => randomKey(seed)).toThrow(`from 0 to 2^53 - 1, not ${seed}`)
  })
})

describe('derived keys', () => {
  const key = randomKey(1)

  test('are the same each time, and their words are unsigned 32-bit integers', () => {
    expect(splitKey(key)).toEqual(splitKey(key))
    expect(foldIn(key, 'stage1')).toEqual(foldIn(key, 'stage1'))
    for (const { high, low } of splitKey(key, 100)) for (const value of [high, low]) expect(value >>> 0).toBe(value)
  })

  test('differ from each other and from the key, whichever way they were derived', () => {
    const steps = Array.from({ length: 200 }, (_, step) => foldIn(key, step))
    const far = [2 ** 32, 2 ** 32 + 1, 2 ** 40].map((step) => foldIn(key, step))
    const names = ['', '0', '1', 'a', 'b', 'ab', 'ba', 'aa', 'stage1', 'stage2', 'é', '😀'].map((name) => foldIn(key, name))
    const all = [key, ...splitKey(key, 200), ...steps, ...far, ...names]
    expect(new Set(all.map(nameOf)).size).toBe(all.length)
  })

  test('a longer split begins with the shorter one', () => {
    expect(splitKey(key, 5).slice(0, 2)).toEqual(splitKey(key))
  })

  test('order of derivation matters', () => {
    expect(foldIn(foldIn(key, 'a'), 'b')).not.toEqual(foldIn(foldIn(key, 'b'), 'a'))
  })
})

describe('a key that stands for another one', () => {
  test('and keys that are derived from it have the words of the other, found when they are read', () => {
    const words = vi.fn(() => randomKey(7))
    const key = standInKey(words)
    const [, second = key] = splitKey(foldIn(foldIn(key, 'stage1'), 5), 3)
    expect(words).not.toHaveBeenCalled()
    expect(nameOf(second)).toBe(nameOf(splitKey(foldIn(foldIn(randomKey(7), 'stage1'), 5), 3)[1]!))
    expect(nameOf(key)).toBe(nameOf(randomKey(7)))
    expect(words).toHaveBeenCalledTimes(1)
  })

  test('and keys that are derived from it know how they follow from it', () => {
    const key = standInKey(() => randomKey(7))
    const derivation = derivationOf(foldIn(splitKey(key)[1], 'stage1'))
    expect(derivation?.origin).toBe(key)
    expect(derivation?.derive(randomKey(8))).toEqual(foldIn(splitKey(randomKey(8))[1], 'stage1'))
    expect(derivationOf(key)?.derive(randomKey(8))).toEqual(randomKey(8))
  })

  test('is the only kind that does', () => {
    expect(derivationOf(foldIn(randomKey(7), 'stage1'))).toBeUndefined()
  })
})

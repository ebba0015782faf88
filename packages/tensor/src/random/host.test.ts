import { describe, expect, test } from 'vitest'
import { integerArray, normalArray, permutation, uniformArray } from './host.js'
import { foldIn, randomKey, splitKey } from './key.js'

const count = 50_000

/** Kolmogorov-Smirnov distance of a sample from a distribution, times the root of its size: above 1.95 once in a thousand. */
const kolmogorovSmirnov = (sample: Float32Array, distribution: (x: number) => number): number => {
  const sorted = sample.toSorted()
  let distance = 0
  sorted.forEach((x, index) => {
    const expected = distribution(x)
    distance = Math.max(distance, Math.abs(expected - index / sorted.length), Math.abs(expected - (index + 1) / sorted.length))
  })
  return distance * Math.sqrt(sorted.length)
}

/** The normal distribution function by the series of Marsaglia (2004). */
const normalDistribution = (x: number): number => {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1
  let term = x
  let total = x
  for (let n = 3; Math.abs(term) > 1e-17; n += 2) {
    term *= (x * x) / n
    total += term
  }
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

const moment = (sample: Float32Array, order: number): number => sample.reduce((total, x) => total + x ** order, 0) / sample.length

/** Correlation of two samples of mean 0; its standard deviation is one over the root of their size. */
const correlation = (left: Float32Array, right: Float32Array): number =>
  left.reduce((total, x, index) => total + x * (right[index] ?? 0), 0) / left.length / Math.sqrt(moment(left, 2) * moment(right, 2))

/** Pearson's statistic for equally likely outcomes. */
const chiSquare = (counts: readonly number[]): number => {
  const expected = counts.reduce((total, value) => total + value, 0) / counts.length
  return counts.reduce((total, value) => total + (value - expected) ** 2 / expected, 0)
}

const countsOf = (values: Iterable<number>, outcomes: number): number[] => {
  const counts = Array.from({ length: outcomes }, () => 0)
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

describe('uniformArray', () => {
  test.each([1, 2, 3])('seed %d is uniform', (seed) => {
    const sample = uniformArray(randomKey(seed), count)
    expect(kolmogorovSmirnov(sample, (x) => x)).toBeLessThan(1.95)
    expect(Math.min(...sample.slice(0, 1000))).toBeGreaterThanOrEqual(0)
    expect(sample.every((x) => x < 1)).toBe(true)
  })

  test('covers the interval asked for', () => {
    const sample = uniformArray(randomKey(4), count, -4, 4)
    expect(kolmogorovSmirnov(sample, (x) => (x + 4) / 8)).toBeLessThan(1.95)
    expect(sample.every((x) => x >= -4 && x < 4)).toBe(true)
  })
})

describe('normalArray', () => {
  test.each([1, 2, 3])('seed %d is normal', (seed) => {
    const sample = normalArray(randomKey(seed), count)
    expect(kolmogorovSmirnov(sample, normalDistribution)).toBeLessThan(1.95)
    // Four standard errors of each moment.
    expect(Math.abs(moment(sample, 1))).toBeLessThan(4 / Math.sqrt(count))
    expect(Math.abs(moment(sample, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count))
    expect(Math.abs(moment(sample, 3))).toBeLessThan(4 * Math.sqrt(15 / count))
    expect(Math.abs(moment(sample, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count))
  })

  test('has the mean and the standard deviation asked for', () => {
    const sample = normalArray(randomKey(4), count, 3, 0.5)
    expect(kolmogorovSmirnov(sample, (x) => normalDistribution((x - 3) / 0.5))).toBeLessThan(1.95)
  })

  test('numbers of derived keys, and neighbours of one key, are not correlated', () => {
    const [left, right] = splitKey(randomKey(5)).map((key) => normalArray(key, count)) as [Float32Array, Float32Array]
    expect(Math.abs(correlation(left, right))).toBeLessThan(4 / Math.sqrt(count))
    expect(Math.abs(correlation(left.slice(1), left.slice(0, -1)))).toBeLessThan(4 / Math.sqrt(count))
  })
})

describe('integerArray', () => {
  test('every number below the bound is equally likely', () => {
    const counts = countsOf(integerArray(randomKey(1), 70_000, 7), 7)
    expect(counts).toHaveLength(7)
    // Six degrees of freedom: above 22.5 once in a thousand.
    expect(chiSquare(counts)).toBeLessThan(22.5)
  })
})

describe('permutation', () => {
  test('holds each number once', () => {
    expect([...permutation(randomKey(1), 1000)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    expect(permutation(randomKey(1), 0)).toHaveLength(0)
    expect([...permutation(randomKey(1), 1)]).toEqual([0])
  })

  test('every order is equally likely', () => {
    const orders = new Map<string, number>()
    for (let draw = 0; draw < 24_000; draw++) {
      const order = permutation(foldIn(randomKey(1), draw), 4).join()
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).toBe(24)
    // 23 degrees of freedom: above 49.7 once in a thousand.
    expect(chiSquare([...orders.values()])).toBeLessThan(49.7)
  })
})

test.each([1, 2, 7, 8])('%d numbers begin the same as more of them', (shorter) => {
  const key = randomKey(9)
  expect(uniformArray(key, 9).slice(0, shorter)).toEqual(uniformArray(key, shorter))
  expect(normalArray(key, 9).slice(0, shorter)).toEqual(normalArray(key, shorter))
  expect(integerArray(key, 9, 100).slice(0, shorter)).toEqual(integerArray(key, shorter, 100))
})

test('numbers are the same on every machine', () => {
  expect([...uniformArray(randomKey(1), 3)]).toEqual([0.11815023422241211, 0.4314746856689453, 0.45375871658325195])
  expect([...integerArray(randomKey(1), 4, 1000)]).toEqual([118, 431, 453, 986])
  expect([...permutation(randomKey(1), 6)]).toEqual([0, 1, 3, 4, 2, 5])
})

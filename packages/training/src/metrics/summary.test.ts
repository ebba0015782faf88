import { describe, expect, test } from 'vitest'
import { twoSidedProbability, twoSidedQuantile } from './student-t.js'
import { pairedDifference, summarise } from './summary.js'

describe("Student's t", () => {
  // Two-sided 95 % and 99 % quantiles of the usual printed tables.
  test.each([
    [1, 12.7062, 63.6567],
    [2, 4.30265, 9.92484],
    [3, 3.18245, 5.84091],
    [4, 2.77645, 4.60409],
    [5, 2.57058, 4.03214],
    [9, 2.26216, 3.24984],
    [30, 2.04227, 2.75],
    [120, 1.97993, 2.61742],
  ])('with %i degrees of freedom', (degrees, at95, at99) => {
    expect(twoSidedQuantile(0.95, degrees)).toBeCloseTo(at95, 4)
    expect(twoSidedQuantile(0.99, degrees)).toBeCloseTo(at99, 4)
    expect(twoSidedProbability(at95, degrees)).toBeCloseTo(0.05, 5)
  })

  test('one degree of freedom is the Cauchy distribution', () => {
    for (const t of [0.1, 1, 3, 50]) expect(twoSidedProbability(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 10)
  })

  test('two degrees of freedom have a closed form', () => {
    for (const t of [0.1, 1, 3, 50]) expect(twoSidedProbability(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10)
  })
})

describe('summarise', () => {
  test('three seeds', () => {
    const { mean, standardDeviation, margin, count } = summarise([1, 2, 3])
    expect([mean, standardDeviation, count]).toEqual([2, 1, 3])
    expect(margin).toBeCloseTo(4.30265 / Math.sqrt(3), 4)
  })

  test('one seed has a mean and nothing else; none has nothing', () => {
    expect(summarise([0.5])).toEqual({ mean: 0.5, standardDeviation: Number.NaN, margin: Number.NaN, count: 1 })
    expect(() => summarise([])).toThrow('at least one')
  })
})

describe('pairedDifference', () => {
  test('is the summary of the differences, with the paired t-test', () => {
    const { mean, margin, probability } = pairedDifference([2, 4, 7], [1, 2, 4])
    expect(mean).toBe(2)
    expect(margin).toBeCloseTo(4.30265 / Math.sqrt(3), 4)
    // t = 2 / (1 / √3) = 2 √3, with two degrees of freedom.
    expect(probability).toBeCloseTo(1 - (2 * Math.sqrt(3)) / Math.sqrt(2 + 12), 6)
  })

  test('equal lists do not differ; a constant difference leaves nothing to chance', () => {
    expect(pairedDifference([1, 2], [1, 2]).probability).toBe(1)
    expect(pairedDifference([2, 3], [1, 2]).probability).toBe(0)
    expect(pairedDifference([2], [1]).probability).toBeNaN()
  })

  test('refuses lists of different length', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow('2 of one and 1 of the other')
  })
})

import { describe, expect, test } from 'vitest'
import { constant, cosine, piecewise, stepDecay, warmUp } from './schedule.js'

const steps = (schedule: (step: number, total: number) => number, total: number): readonly number[] => Array.from({ length: total }, (_, step) => Number(schedule(step, total).toFixed(6)))

describe('schedules', () => {
  test('constant', () => expect(steps(constant(0.1), 3)).toEqual([0.1, 0.1, 0.1]))

  test('step decay', () => expect(steps(stepDecay(1, { every: 2, factor: 0.5 }), 5)).toEqual([1, 1, 0.5, 0.5, 0.25]))

  test('piecewise', () => expect(steps(piecewise([{ from: 0, learningRate: 3 }, { from: 2, learningRate: 1 }]), 4)).toEqual([3, 3, 1, 1]))

  test('cosine goes from the top to the end, and stays there', () => {
    expect(steps(cosine(1), 4)).toEqual([1, 0.853553, 0.5, 0.146447])
    expect(cosine(1, { final: 0.2 })(4, 4)).toBeCloseTo(0.2, 12)
    expect(cosine(1)(9, 4)).toBe(0)
  })

  test('warm-up rises in equal parts to the top, without a step at 0', () => {
    expect(steps(cosine(1, { warmUpSteps: 3 }), 5)).toEqual([0.25, 0.5, 0.75, 1, 0.5])
    expect(steps(warmUp(constant(2), 1), 3)).toEqual([1, 2, 2])
  })

  test('what cannot be a learning rate is refused', () => {
    for (const make of [constant, cosine, (rate: number) => stepDecay(rate, { every: 1 }), (rate: number) => piecewise([{ from: 0, learningRate: rate }])]) {
      expect(() => make(-1)).toThrow('not negative')
      expect(() => make(Number.NaN)).toThrow('not negative')
    }
    expect(() => cosine(1, { final: Infinity })).toThrow('finite')
  })

  test('pieces that are out of order are refused', () => {
    expect(() => piecewise([{ from: 1, learningRate: 1 }])).toThrow('begin at step 0')
    expect(() => piecewise([{ from: 0, learningRate: 1 }, { from: 0, learningRate: 1 }])).toThrow('later and later')
    expect(() => piecewise([])).toThrow('begin at step 0')
  })
})

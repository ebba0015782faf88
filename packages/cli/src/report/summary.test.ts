import { describe, expect, test } from 'vitest'
import { fixedReport } from './report.fixture.js'
import { resultTable } from './result-table.js'
import type { ResultRow } from './results.js'
import { summariseResults } from './summary.js'

const { rows } = fixedReport().results

const withAccuracies = (accuracies: Readonly<Record<string, readonly number[]>>): readonly ResultRow[] =>
  Object.entries(accuracies).flatMap(([name, values]) => values.map((accuracy, index): ResultRow => ({ ...rows[0]!, name, strategy: name, seed: index + 1, accuracy })))

describe('summariseResults', () => {
  test('gives the 95 % interval of Student for three seeds', () => {
    // s = 1, n = 3: the half width is t(0.975; 2) / sqrt(3) = 4.302653 / 1.732051 of s.
    const { strategies } = summariseResults(withAccuracies({ 'fine-tune': [0.8, 0.9, 1] }))
    expect(strategies[0]?.accuracy.mean).toBeCloseTo(0.9, 12)
    expect(strategies[0]?.accuracy.halfWidth).toBeCloseTo(0.1 * 2.484138, 6)
  })

  test('pairs differences by seed, whatever the order of the rows', () => {
    const { strategies } = summariseResults(withAccuracies({ 'fine-tune': [0.5, 0.7, 0.9], ptu: [0.51, 0.71, 0.91] }).toReversed())
    const { difference } = strategies.find(({ name }) => name === 'ptu')!
    expect(difference?.mean).toBeCloseTo(0.01, 12)
    expect(difference?.halfWidth).toBeCloseTo(0, 12)
  })

  test.each([
    ['better', [0.9, 0.91, 0.92], [0.95, 0.96, 0.965], 'ptu is better than fine-tuning: +4.8 points'],
    ['worse', [0.95, 0.96, 0.965], [0.9, 0.91, 0.92], 'ptu is worse than fine-tuning: −4.8 points'],
    ['tied', [0.9, 0.91, 0.92], [0.92, 0.9, 0.91], 'ptu and fine-tuning are tied: +0.0 points, 95 % interval −4.3 to +4.3'],
    ['undecided', [0.9], [0.95], 'ptu against fine-tuning: +5.0 points with a single seed, which decides nothing'],
  ])('says honestly that PTU is %s', (_, fineTune, ptu, expected) => {
    const { remarks } = summariseResults(withAccuracies({ 'fine-tune': fineTune, ptu }))
    expect(remarks.find((remark) => remark.startsWith('ptu'))).toContain(expected)
  })

  test('warns of negative transfer, and says when it lies within the interval', () => {
    const { remarks } = summariseResults(withAccuracies({ scratch: [0.9, 0.91, 0.92], 'fine-tune': [0.8, 0.81, 0.82], 'bn-adapt': [0.89, 0.92, 0.9] }))
    expect(remarks).toContain('Negative transfer: fine-tune is 10.0 points below training from scratch.')
    expect(remarks).toContain('Negative transfer: bn-adapt is 0.7 points below training from scratch, within the interval.')
  })

  test('says which strategies are not finished', () => {
    const { remarks } = summariseResults(withAccuracies({ 'fine-tune': [0.8, 0.81], ptu: [0.82] }))
    expect(remarks.at(-1)).toBe('Not finished: ptu has fewer seeds than the others.')
  })

  test('the best uniform discrete strategy is the best of scratch, frozen, fine-tuned and partial', () => {
    expect(summariseResults(rows).bestDiscrete?.name).toBe('fine-tune')
    expect(summariseResults(withAccuracies({ ptu: [0.8] })).bestDiscrete).toBeUndefined()
  })

  test('results that there are none of cannot be summarised', () => {
    expect(() => summariseResults([])).toThrow('no results')
  })
})

test('the table and its findings', () => {
  expect(resultTable(summariseResults(rows))).toMatchSnapshot()
})

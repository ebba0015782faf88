import { decathlonReferences } from '@transferkit/vision'
import { describe, expect, test } from 'vitest'
import { fixedDecathlon } from './decathlon.fixture.js'
import { renderDecathlonReport } from './decathlon-report.js'
import type { DecathlonResultRow, DecathlonResults } from './decathlon-results.js'
import { summariseDecathlon } from './decathlon-summary.js'
import { decathlonTables } from './decathlon-table.js'

const { results } = fixedDecathlon()

const changed = (change: (row: DecathlonResultRow) => DecathlonResultRow): DecathlonResults => ({ ...results, rows: results.rows.map(change) })

describe('summariseDecathlon', () => {
  test('fine-tuning with the errors of its own constants has 250 points a domain, and the whole base for each', () => {
    const steady = changed((row) => (row.name === 'fine-tune' ? { ...row, accuracy: 0.9 } : row))
    const tuned = summariseDecathlon(steady).strategies[1]
    expect(tuned?.score).toEqual({ mean: expect.closeTo(750, 9) as number, halfWidth: expect.closeTo(0, 9) as number })
    for (const domain of Object.values(tuned?.domains ?? {})) expect(domain.points).toBeCloseTo(250, 9)
    expect(tuned).toMatchObject({ multiple: 4, multipleWithHeads: expect.closeTo(4.03, 9) as number, privateParameters: 303_000 })
  })

  test('points by hand: 1000 (1 - E / Emax)²', () => {
    const adapted = summariseDecathlon(results).strategies[2]
    // Emax = 2 · 0.1, E = 0.08.
    expect(adapted?.domains['digits']?.points).toBeCloseTo(1000 * (1 - 0.08 / 0.2) ** 2, 9)
    expect(adapted?.multiple).toBeCloseTo(1.33, 12)
    expect(adapted?.difference?.mean).toBeCloseTo(0.02, 12)
  })

  test('published constants go by their names', () => {
    const published = { ...changed((row) => ({ ...row, accuracy: decathlonReferences.gtsrb })), score: { constants: 'published' as const, fineTuned: 'fine-tune', published: { digits: 'gtsrb', signs: 'gtsrb', textures: 'gtsrb' } } }
    expect(summariseDecathlon(published).strategies[0]?.score?.mean).toBeCloseTo(750, 9)
    expect(() => summariseDecathlon({ ...published, score: { ...published.score, published: { digits: 'gtsbr' } } })).toThrow('Did you mean "gtsrb"?')
  })

  test('a domain on which fine-tuning makes no error is left out of the score', () => {
    const { strategies, remarks, domains } = summariseDecathlon(changed((row) => (row.name === 'fine-tune' && row.domain === 'signs' ? { ...row, accuracy: 1 } : row)))
    expect(domains[1]?.reference).toBeUndefined()
    expect(strategies[1]?.score?.mean).toBeLessThan(510)
    expect(remarks).toContain('Left out of the score: signs (fine-tune makes no error there or was not run).')
  })

  test('a strategy that is not finished on all domains has no mean and no score', () => {
    const partly = { ...results, rows: results.rows.filter(({ name, domain }) => name !== 'parallel-adapters' || domain === 'digits') }
    const { strategies, remarks } = summariseDecathlon(partly)
    expect(strategies[2]?.accuracy).toBeUndefined()
    expect(strategies[2]?.score).toBeUndefined()
    expect(remarks).toContain('Not finished on all domains: parallel-adapters.')
    expect(decathlonTables(summariseDecathlon(partly))).toContain('–')
  })
})

test('the tables and their findings', () => {
  expect(decathlonTables(summariseDecathlon(results))).toMatchSnapshot()
})

describe('renderDecathlonReport', () => {
  test('gives one page that needs no other file and no script, with every number and described charts', async () => {
    const page = await renderDecathlonReport(fixedDecathlon())
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|\son\w+=/)
    for (const text of ['92.0 ± 2.5', '1.33×', 'digits/train', 'Inside parallel-adapters', 'How large the adapters are', 'a line a domain']) expect(page).toContain(text)
    const charts = page.match(/<svg [^>]*viewBox[^>]*>/g) ?? []
    expect(charts).toHaveLength(2)
    for (const chart of charts) expect(chart).toMatch(/role="img" aria-label="[^"]{30,}"/)
    expect(page.match(/<th scope="row">textures<\/th>/g)).toHaveLength(3)
    expect(await renderDecathlonReport(fixedDecathlon())).toBe(page)
  })

  test('shows what has a single row, such as a gate, by step with a line a domain', async () => {
    const contents = fixedDecathlon()
    const gates = contents.inspections.flatMap((history) =>
      [
        { inspection: 'gate-openness', title: 'How far the gate is open' },
        { inspection: 'gate-spread', title: 'How differently the gate opens' },
      ].map((named) => ({ ...history, ...named, name: 'gtn', rowAxis: 'tap', points: history.points.map(({ step }) => ({ step, series: { 'feature gate': { pooled: step / 40 } } })) })),
    )
    const page = await renderDecathlonReport({ ...contents, inspections: gates })
    expect(page.match(/<h2 id="inspection-\d+">/g)).toHaveLength(1)
    expect(page).toContain('feature gate by domain: digits from 0.25 to 0.50; signs from 0.25 to 0.50; textures from 0.25 to 0.50')
    expect(page).toContain('tap pooled, a line a domain')
  })
})

import { describe, expect, test } from 'vitest'
import { renderReport } from './report.js'
import { fixedReport } from './report.fixture.js'
import type { InspectionHistory } from './report-contents.js'

const page = await renderReport(fixedReport())

describe('renderReport', () => {
  test('gives one page that needs no other file and no script', () => {
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|\son\w+=/)
    // The only addresses are names of XML name spaces.
    expect(new Set(page.match(/https?:\/\/[^"'\s)]+/g))).toEqual(new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']))
  })

  test('shows every number of the table', () => {
    for (const text of ['91.7 ± 3.0', '+0.3 ± 0.0', '34,890', '13.2', 'best uniform discrete: fine-tune']) expect(page).toContain(text)
  })

  test('describes each chart to those who do not see it, and labels its sections', () => {
    const charts = page.match(/<svg [^>]*viewBox[^>]*>/g) ?? []
    expect(charts).toHaveLength(5)
    for (const chart of charts) expect(chart).toMatch(/role="img" aria-label="[^"]{30,}"/)
    expect(page.match(/<figcaption>/g)).toHaveLength(5)
    for (const [, id] of page.matchAll(/<section aria-labelledby="([^"]+)"/g)) expect(page).toContain(`<h2 id="${id ?? ''}">`)
    expect(page).toContain('<th scope="col">')
    expect(page).toContain('<th scope="row">')
    expect(page).toContain('<html lang="en">')
  })

  test('takes text as text', () => {
    expect(page).toContain('&lt;b&gt;not markup&lt;/b&gt;')
    expect(page).not.toContain('<b>not markup')
  })

  test('is the same at every call', async () => {
    expect(await renderReport(fixedReport())).toBe(page)
  })

  test('shows many rows side by side, and many series as a table', async () => {
    const history = (inspection: string, title: string, series: Readonly<Record<string, Readonly<Record<string, number>>>>): InspectionHistory => ({ name: 'gtn', seed: 1, inspection, title, rowAxis: 'row', valueAxis: 'share', points: [{ step: 5, series }] })
    const numbers = (count: number, name: string): Record<string, number> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name} ${index}`, index / 100]))
    const inspections = [
      history('adapter-magnitude', 'How large the adapters are', { adapter: numbers(20, 'convolution') }),
      history('closed-features', 'How many features the gate closes, by class', Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`class ${index}`, { 'below 0.1': 0.25 }]))),
    ]
    const shown = await renderReport({ ...fixedReport(), inspections })
    expect(shown).toContain('at the end of the training. adapter: convolution 0 0.00, convolution 1 0.01')
    expect(shown).toMatch(/<th scope="row">class 29<\/th><td class="\w+" style="--share:\d+%" title="class 29, below 0.1: 0.250">0.25<\/td>/)
    expect(shown).toContain('The first 30 of 40 rows')
  })

  test('leaves out what there is nothing of', async () => {
    const bare = await renderReport({ ...fixedReport(), curves: [], inspections: [] })
    expect(bare).not.toContain('Learning curves')
    expect(bare).not.toContain('Openness')
  })
})

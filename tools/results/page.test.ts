import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { areas } from './areas.js'
import { resultsPage } from './page.js'

const row = { source: 'net (images)', target: 'signs/train', options: {}, examples: 200, testExamples: 500, privateParameters: 1000, trainedParameters: 1000, seconds: 2 }
const header = { name: 'tiny', version: '0.0.0', backend: 'native', machine: 'two cores', date: '2026-01-02T00:00:00.000Z' }

describe('a page of results', () => {
  const rows = [0.5, 0.6, 0.7].flatMap((accuracy, seed) => [
    { ...row, strategy: 'fine-tune', name: 'fine-tune', seed, accuracy },
    { ...row, strategy: 'gtn', name: 'gated', seed, accuracy: accuracy + 0.1 + 0.001 * seed },
    { ...row, strategy: 'ptu', name: 'ptu', seed, accuracy: accuracy + (seed - 1) * 0.1 },
  ])
  const page = resultsPage({ title: 'Tiny', baseline: 'fine-tune', command: 'make it' }, { ...header, rows }, 'A note.')

  test('shows means with intervals, and a paired comparison that says tie, better or worse', () => {
    expect(page).toContain('| fine-tune | 60.0 ± 24.8 |  | 3 | 1,000 |')
    expect(page).toMatch(/\| gated \| 70\.1 ± 25\.1 \| \+10\.1 ± 0\.2 \(p < 0\.001\), better \|/)
    expect(page).toMatch(/\| ptu \| .* \| \+0\.0 ± 24\.8 \(p 1\.000\), tie \|/)
  })

  test('has an overview with the best of each target in bold, and ends with the notes', () => {
    expect(page).toContain('| signs/train, 200 examples | 60.0 | **70.1** | 60.0 |')
    expect(page.trimEnd().endsWith('A note.')).toBe(true)
  })
})

/** A file of an area in the folder of results. */
const file = (name: string): URL => new URL(`../../docs/results/${name}`, import.meta.url)

/** Areas that somebody has made data for. */
const made = Object.entries(areas).filter(([name]) => existsSync(file(`${name}.json`)))

describe.each(made)('the page of %s', (name, area) => {
  test('is what the data beside it give', () => {
    const notes = existsSync(file(`${name}-notes.md`)) ? readFileSync(file(`${name}-notes.md`), 'utf8') : ''
    expect(readFileSync(file(`${name}.md`), 'utf8')).toBe(area.page(JSON.parse(readFileSync(file(`${name}.json`), 'utf8')), notes))
  })
})

import { describe, expect, test } from 'vitest'
import { fixedMetaReport } from './meta-report.fixture.js'
import { renderReport } from './report.js'
import { summariseResults } from './summary.js'

const contents = fixedMetaReport()
const page = await renderReport(contents)
const [, plain = '', pruned = '', rates = ''] = page.split('<h2 id="inspection-').map((part) => part.split('</section>')[0])

describe('the report of meta-transfer', () => {
  test('shows where at the end as a matrix, and how it came about as lines', () => {
    expect(plain).toContain('title="stage2, stage3: 2.700"')
    expect(plain.match(/<h4>from stage\d<\/h4>/g)).toHaveLength(9)
    expect(plain).toContain('stage1 by target tap: stage1 from 1.14 to 2.70')
  })

  test('names the channels of each pair', () => {
    expect(plain).toContain('<th scope="row">stage2\u00a0→\u00a0stage3</th><td>2.70</td><td>0.30</td><td>0.60</td><td>3 (0.200), 6 (0.100), 9 (0.067), 12 (0.050), 15 (0.040)</td>')
  })

  test('marks pairs that were dropped, and says what dropping them did', () => {
    expect(plain).not.toContain('<abbr title="dropped">')
    expect(pruned.match(/<abbr title="dropped">/g)).toHaveLength(6)
    expect(pruned).toContain('<td>by 3 of 3</td>')
    expect(summariseResults(contents.results.rows).remarks).toContain('Dropping pairs of layers, l2t-ww, pruned against l2t-ww: +0.0 points (95 % interval −0.4 to +0.3, paired over 3 seeds) in 0.75 times the seconds.')
  })

  test('shows rates of many layers as lines, a few in each chart', () => {
    expect(rates.match(/role="img"/g)).toHaveLength(2)
    expect(rates).toContain('layer10 from')
  })
})

test('a regulariser below the fresh network that it is composed with is named', () => {
  const rows = contents.results.rows.map((row) => (row.name === 'lwf' ? { ...row, accuracy: row.accuracy - 0.1 } : row))
  expect(summariseResults(rows).remarks).toContain('Negative transfer: lwf is 7.7 points below a fresh network without transfer.')
})

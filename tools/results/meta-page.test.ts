import { describe, expect, test } from 'vitest'
import { resultsOf, rowsOf } from './area-rows.fixture.js'
import { metaPage, missingOrder } from './meta-page.js'

const run = { run: 'signs-few', task: 'hand signs', size: '10 a class', examples: 100 }
const rows = [
  ...rowsOf(run, 'fresh-network', 'scratch', 0.5),
  ...rowsOf(run, 'fresh-network+lwf', 'LwF', 0.6),
  ...rowsOf(run, 'fresh-network+feature-matching', 'FM (single)', 0.65, 0.1),
  ...rowsOf(run, 'l2t-ww', 'L2T-ww', 0.55),
]

const lookAt = (seed: number, lambda: number): object => ({
  run: 'signs-few',
  name: 'L2T-ww',
  seed,
  step: 60,
  inspections: [
    { name: 'lambda', title: '', rowAxis: '', valueAxis: '', series: { stage1: { stage1: lambda, stage2: 0 }, stage2: { stage2: 1 } } },
    { name: 'lambda-spread', title: '', rowAxis: '', valueAxis: '', series: { stage1: { stage1: 0.25, stage2: 0 }, stage2: { stage2: 0.5 } } },
  ],
})

describe('the page of meta-transfer', () => {
  // The form of what is collected.
  const page = metaPage(resultsOf(rows, [lookAt(1, 1), lookAt(2, 2)] as never), 'A note.')

  test('pairs every strategy with scratch and with L2T-ww', () => {
    expect(page).toMatch(/\| LwF \| 62\.0 ± \d\.\d \| \+10\.0 ± 0\.0 \(p < 0\.001\), better \| \+5\.0 ± 0\.0 \(p < 0\.001\), better \| 3 \| 60 \| 2 \|/)
    expect(page).toMatch(/\| scratch \| 52\.0 ± \d\.\d \|  \| −5\.0 ± 0\.0 \(p < 0\.001\), worse \|/)
    expect(page).toContain('| hand signs | 10 a class (100) | 52.0 | 62.0 | **67.0** | 57.0 |')
  })

  test('shows the mean and the spread of λ by pair', () => {
    expect(page).toContain('| source stage | stage1 | stage2 |')
    expect(page).toContain('| stage1 | 1.50 (0.25) | 0.00 (0.00) |')
    expect(page).toContain('| stage2 |  | 1.00 (0.50) |')
    expect(page.trimEnd().endsWith('A note.')).toBe(true)
  })
})

test('orderings of the paper that are not seen are named, and whether that is decided', () => {
  const { seen, all, lines } = missingOrder(rows)
  // On all data sets of the paper: LwF, FM (single) and L2T-ww over scratch, and L2T-ww over LwF and FM (single).
  expect({ seen, all }).toEqual({ seen: 3, all: 5 })
  expect(lines).toEqual([
    '- L2T-ww over LwF: here 57.0 against 62.0 (−5.0 ± 0.0 (p < 0.001): the order is reversed).',
    expect.stringMatching(/^- L2T-ww over FM \(single\): here 57\.0 against 67\.0 \(.*the interval holds 0, so these seeds do not decide the order\)\.$/) as string,
  ])
})

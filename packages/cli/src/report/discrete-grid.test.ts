import { describe, expect, test } from 'vitest'
import { discreteGrid } from './discrete-grid.js'
import { discreteGridSection } from './discrete-grid-section.js'
import { fixedReport } from './report.fixture.js'
import type { ResultRow } from './results.js'

const [sample] = fixedReport().results.rows

const rowsOf = (name: string, strategy: string, options: Readonly<Record<string, unknown>>, accuracies: readonly number[]): readonly ResultRow[] =>
  accuracies.map((accuracy, index) => ({ ...sample!, name, strategy, options, seed: index + 1, accuracy }))

const frozen = rowsOf('frozen', 'discrete-states', { embedding: 'frozen', hidden: 'fine-tuned', output: 'random' }, [0.7, 0.71, 0.72])
const random = rowsOf('random', 'discrete-states', { embedding: 'random', hidden: 'random', output: 'random' }, [0.6, 0.61, 0.62])

describe('discreteGrid', () => {
  test.each([
    ['is better than', [0.75, 0.76, 0.771]],
    ['ties with', [0.72, 0.7, 0.71]],
    ['loses to', [0.65, 0.66, 0.671]],
  ])('says plainly that PTU %s the best state', (verdict, accuracies) => {
    const grid = discreteGrid([...frozen, ...random, ...rowsOf('recurrent-ptu', 'recurrent-ptu', {}, accuracies)])
    expect(grid?.units[0]?.sentence).toContain(`recurrent-ptu ${verdict} the best of 2 discrete states (embedding frozen, hidden fine-tuned, output random)`)
  })

  test('says that a single seed decides nothing, and that different seeds cannot be paired', () => {
    const single = discreteGrid([...frozen.slice(0, 1), ...rowsOf('ptu', 'ptu', {}, [0.9])])
    expect(single?.units[0]?.sentence).toContain('with a single seed, which decides nothing')
    const apart = discreteGrid([...frozen, ...rowsOf('ptu', 'ptu', {}, [0.9]).map((row) => ({ ...row, seed: 9 }))])
    expect(apart?.units[0]?.sentence).toContain('have no seed in common')
  })

  test('takes strategies that are a state under another name, where that state was not run as such', () => {
    const tuned = rowsOf('fine-tune', 'fine-tune', {}, [0.8, 0.8, 0.8])
    const scratch = rowsOf('scratch', 'scratch', {}, [0.9, 0.9, 0.9])
    const grid = discreteGrid([...scratch, ...tuned, ...frozen, ...random])
    expect(grid?.cells).toHaveLength(3)
    expect(grid?.best.state).toEqual({ embedding: 'fine-tuned', hidden: 'fine-tuned', output: 'random' })
    expect(grid?.cells.find(({ state }) => state.embedding === 'random')?.accuracy.mean).toBeCloseTo(0.61, 12)
  })

  test('is not there where no state was run as such', () => {
    expect(discreteGrid(rowsOf('fine-tune', 'fine-tune', {}, [0.8]))).toBeUndefined()
    expect(discreteGridSection(fixedReport().results.rows)).toEqual([])
  })
})

test('the section marks the best cell, names what was not run, and sets learned gates beside all rows', () => {
  const [{ markup } = { markup: '' }] = discreteGridSection([...frozen, ...random, ...rowsOf('recurrent-ptu', 'recurrent-ptu', {}, [0.75, 0.76, 0.771])])
  expect(markup).toMatch(/<td rowspan="2" class="middle" style="--share:80%" title="recurrent-ptu: 76\.0 ± 2\.6">76\.0 ± 2\.6 <abbr title="best">★<\/abbr>/)
  expect(markup.match(/★<\/abbr>/g)).toHaveLength(1)
  expect(markup).toContain('<td>not run</td>')
})

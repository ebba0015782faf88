import { describe, expect, test } from 'vitest'
import { renderReport } from './report.js'
import { resultTable } from './result-table.js'
import { summariseResults } from './summary.js'
import { targetSizes } from './target-sizes.js'
import { fixedTextReport } from './text-report.fixture.js'

const contents = fixedTextReport()
const page = await renderReport(contents)
const sectionOf = (id: string): string => page.split(`<section aria-labelledby="${id}">`)[1]?.split('</section>')[0] ?? ''

test('the table and its findings', () => {
  expect(resultTable(summariseResults(contents.results.rows))).toMatchSnapshot()
})

describe('the report of a transfer between texts', () => {
  test('is modest in size and needs no script', () => {
    expect(page.length).toBeLessThan(180_000)
    expect(page).not.toMatch(/<script|\son\w+=/)
  })

  test('sets the words of a sentence over its gates, and says what was predicted', () => {
    const inside = sectionOf('inspection-0')
    expect(inside).toContain('Classified as <strong>positive</strong>, but it is <strong>negative</strong>.')
    expect(inside).toContain('Rightly classified as <strong>positive</strong>.')
    expect(inside).toContain('<span dir="auto">battery</span>')
    expect(inside).toContain('&lt;unk&gt;')
    expect(inside).toMatch(/title="recurrent1, transfer gate, battery: 0\.\d{3}"/)
  })

  test('shows ids where nobody knows the words', async () => {
    const inspections = contents.inspections.map(({ example, ...history }) => (example === undefined ? history : { ...history, example: { tokens: example.tokens } }))
    const shown = await renderReport({ ...contents, inspections })
    expect(shown).toContain('<span dir="auto">#1</span>')
    expect(shown).toContain('Words are not known here')
  })

  test('sets learned gates beside the grid, and says the same at the top', () => {
    const sentence = 'recurrent-ptu ties with the best of 9 discrete states (embedding fine-tuned, hidden fine-tuned, output random)'
    expect(sectionOf('discrete-grid')).toContain(sentence)
    expect(page.split('<main>')[0]).toContain(sentence)
  })

  test('shows the baseline for comparison, never as a strategy', () => {
    expect(sectionOf('results')).toContain('baseline: tf-idf + logistic regression')
    expect(sectionOf('cost')).not.toContain('tf-idf')
    expect(sectionOf('accuracy')).toContain('The dashed line is what there is without any transfer.')
  })

  test('draws accuracy against the size of the target, with a verdict for each size', () => {
    const sizes = sectionOf('sizes')
    expect(sizes).toContain('With 30 examples, recurrent-ptu is better than')
    expect(sizes).toContain('With 3,020 examples, recurrent-ptu ties with')
    expect(sizes).toContain('<th scope="col">302</th>')
  })

  test('draws loss and accuracy of training and validation, and says whom it leaves out', () => {
    const curves = sectionOf('curves')
    expect(curves.match(/<figcaption>/g)).toHaveLength(4)
    expect(curves).toContain('Shown are 8 of 10 strategies')
    expect(curves).toContain('recurrent-ptu ends at')
  })
})

describe('a baseline', () => {
  const [first, ...others] = contents.results.rows.filter(({ examples }) => examples === 3020)

  test('is never the best strategy, however good', () => {
    const rows = [first!, ...others].map((row) => (row.strategy === 'tf-idf' ? { ...row, accuracy: 0.99 - 0.001 * row.seed } : row))
    const { best, remarks } = summariseResults(rows)
    expect(best.strategy).toBe('discrete-states')
    expect(remarks.join('\n')).toMatch(/Without any transfer, tf-idf \+ logistic regression has 98\.7 ± 0\.2 %: embedding fine-tuned, hidden fine-tuned is worse/)
  })
})

test('there are several sizes only where a strategy was trained several times with a seed', () => {
  const [one, two] = contents.results.rows
  expect(targetSizes([{ ...one!, examples: 85 }, { ...two!, examples: 86 }])).toHaveLength(1)
  expect(targetSizes(contents.results.rows).map(({ examples }) => examples)).toEqual([30, 302, 3020])
})

import { describe, expect, test } from 'vitest'
import { resultsOf, rowsOf } from './area-rows.fixture.js'
import { nlpPage, signTest } from './nlp-page.js'

const [small, large] = [
  { run: 'a-b-1', task: 'A → B', size: '1 %', examples: 30 },
  { run: 'a-b-100', task: 'A → B', size: '100 %', examples: 3000 },
]

const page = nlpPage(
  resultsOf([
    ...rowsOf(small, 'recurrent-ptu', 'PTU light', 0.6),
    ...rowsOf(small, 'fine-tune', 'fine-tune', 0.65, 0.001),
    ...rowsOf(small, 'discrete-states', 'embedding frozen, hidden fine-tuned', 0.61, 0.1),
    ...rowsOf(small, 'tf-idf', 'tf-idf + logistic regression', 0.7),
    ...rowsOf(large, 'recurrent-ptu', 'PTU light', 0.9),
    ...rowsOf(large, 'fine-tune', 'fine-tune', 0.8),
    ...rowsOf(large, 'scratch', 'scratch', 0.5),
  ]),
  'A note.',
)

describe('the page of texts', () => {
  test('has the units, their ranks and the best discrete state of each size', () => {
    expect(page).toContain('| A → B | 1 % | 62.0 | 4 of 4 | 67.0 fine-tune |  | 67.0 |  | **72.0** |')
    expect(page).toContain('| A → B | 100 % | **92.0** | 1 of 3 | 82.0 fine-tune |  | 82.0 | 52.0 |  |')
  })

  test('says where a unit is not best, by how much and whether that is decided', () => {
    expect(page).toMatch(/\*\*PTU light\*\* is not best: rank 4 of 4; tf-idf \+ logistic regression has 72\.0 against its 62\.0 \(−10\.0 ± 0\.0 \(p < 0\.001\)\)\./)
    expect(page).toContain('- **PTU light** is best: rank 1 of 3.')
    expect(page).toContain('- Best discrete state: fine-tune, 67.0 ± ')
  })

  test('pairs every strategy with the unit by seed, with both tests', () => {
    expect(page).toMatch(/\| fine-tune \| 67\.0 ± \d\.\d \| \+5\.0 ± 0\.2 \(p < 0\.001\), better \| 3 : 0 \(p 0\.250\) \|/)
    expect(page).toMatch(/\| embedding frozen, hidden fine-tuned \| .* tie \| 2 : 1 \(p 1\.000\) \|/)
  })

  test('has a learning curve of what was run at all sizes, and counts seeds over all of them', () => {
    expect(page).toMatch(/\| strategy \| 1 % \(30 examples\) \| 100 % \(3000 examples\) \|\n\| --- \| ---: \| ---: \|\n\| PTU light \| 62\.0 ± \d\.\d \| 92\.0 ± \d\.\d \|\n\| fine-tune /)
    expect(page).toContain('| the best discrete state of each | 3 : 3 (p 1.000) |')
    expect(page).toContain('| scratch | 3 : 0 (p 0.250) |')
    expect(page.trimEnd().endsWith('A note.')).toBe(true)
  })
})

test('the sign test is that of the binomial distribution', () => {
  expect(signTest([1, 1, 1, 1, 1])).toBe('5 : 0 (p 0.063)')
  expect(signTest([1, 1, 1, 1, -1, 0])).toBe('4 : 1 (p 0.375)')
  expect(signTest([-1, 1])).toBe('1 : 1 (p 1.000)')
  expect(signTest([0])).toBe('0 : 0')
})

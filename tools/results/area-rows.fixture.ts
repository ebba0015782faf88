import type { AreaResults, AreaRow } from './collected-results.js'

/** A row of a run with three seeds; the accuracy rises by a point a seed. */
export const rowsOf = (run: Pick<AreaRow, 'run' | 'task' | 'size' | 'examples'>, strategy: string, name: string, accuracy: number, spread = 0): readonly AreaRow[] =>
  [1, 2, 3].map((seed) => ({
    ...run,
    source: 'net (texts)',
    target: 'other texts',
    strategy,
    name,
    options: {},
    seed,
    testExamples: 500,
    accuracy: accuracy + 0.01 * seed + spread * (seed - 2),
    privateParameters: 1000,
    trainedParameters: 1000,
    seconds: 2,
    steps: strategy === 'tf-idf' ? 0 : 60,
  }))

/** Results of an area with these rows. */
export const resultsOf = (rows: readonly AreaRow[], looks: AreaResults['looks'] = []): AreaResults => ({ name: 'area', version: '0.0.0', backend: 'native', machine: 'two cores', date: '2026-01-02T00:00:00.000Z', rows, looks })

import { expectTypeOf, test } from 'vitest'
import { runCli } from '../run-cli.js'
import type { ResultRow } from './results.js'
import { type ComparisonSummary, summariseResults } from './summary.js'

// Only types are looked at: nothing here runs.
declare const rows: readonly ResultRow[]

test('results are rows', () => {
  expectTypeOf(summariseResults(rows)).toEqualTypeOf<ComparisonSummary>()
  expectTypeOf(runCli).returns.toEqualTypeOf<Promise<number>>()
  // @ts-expect-error The rows are not wrapped.
  summariseResults({ rows })
  // @ts-expect-error A row has more than an accuracy.
  summariseResults([{ strategy: 'ptu', accuracy: 0.9 }])
  // @ts-expect-error Arguments are a list, and a command needs something to write to.
  void runCli('compare')
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { countOne, countTests, lastLine, skippedTests, sum } from './counts.mjs'

const folder = mkdtempSync(join(tmpdir(), 'transferkit-counts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const report = (numPassedTests: number, numFailedTests: number, numPendingTests: number, testResults: readonly object[]): string => {
  const file = join(folder, `${[numPassedTests, numFailedTests, numPendingTests].join('-')}.json`)
  writeFileSync(file, JSON.stringify({ numPassedTests, numFailedTests, numPendingTests, numTodoTests: 0, testResults }))
  return file
}

test('skippedTests counts by the reason that stands in the name', () => {
  const because = { status: 'skipped', fullName: 'real data (skipped: set A to the folder) reads one' }
  const file = report(1, 0, 3, [{ status: 'passed', assertionResults: [because, because, { status: 'passed', fullName: 'b' }, { status: 'pending', fullName: 'c' }] }])
  expect(skippedTests(file)).toEqual(['2 skipped: set A to the folder', '1 skipped: c'])
  expect(skippedTests(join(folder, 'nothing.json'))).toEqual([])
})

describe('countTests', () => {
  test('counts what the report says', () => {
    expect(countTests(report(5, 0, 2, []), true)).toEqual({ passed: 5, failed: 0, skipped: 2 })
    expect(countTests(report(4, 1, 0, [{ status: 'failed', assertionResults: [{}] }]), false)).toEqual({ passed: 4, failed: 1, skipped: 0 })
  })

  test('counts a file that could not be loaded', () => {
    const file = report(3, 1, 0, [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{}] },
    ])
    expect(countTests(file, false).failed).toBe(2)
  })

  test('counts a failed run without a failed test, and one without a report', () => {
    expect(countTests(report(3, 0, 0, []), false)).toEqual({ passed: 3, failed: 1, skipped: 0 })
    expect(countTests(join(folder, 'nothing.json'), false)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
})

test('the last line names skipped tests only where there are some', () => {
  expect(lastLine(sum([countOne(true), countOne(false)]))).toBe('1 passed, 1 failed')
  expect(lastLine({ passed: 9, failed: 0, skipped: 2 })).toBe('9 passed, 0 failed, 2 skipped')
})

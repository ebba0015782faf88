import { existsSync, readFileSync } from 'node:fs'

/**
 * How many tests or checks ended how.
 *
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * @param {readonly Counts[]} parts
 * @returns {Counts}
 */
export const sum = (parts) => ({
  passed: parts.reduce((total, part) => total + part.passed, 0),
  failed: parts.reduce((total, part) => total + part.failed, 0),
  skipped: parts.reduce((total, part) => total + part.skipped, 0),
})

/**
 * The plain last line of a test run.
 *
 * @param {Counts} counts
 */
export const lastLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/**
 * Counts one check.
 *
 * @param {boolean} passed
 * @returns {Counts}
 */
export const countOne = (passed) => ({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 })

/**
 * The part of a report of Vitest that is counted.
 *
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: { status: string, fullName: string }[] }[]} testResults
 */

/**
 * Counts the tests in a report of Vitest. A run that failed counts at least one failure, even where it reports none: a file that could
 * not be loaded, an error outside every test, or no report at all.
 *
 * @param {string} file The report, which need not exist.
 * @param {boolean} passed Whether the run as a whole passed.
 * @returns {Counts}
 */
export const countTests = (file, passed) => {
  if (!existsSync(file)) return { passed: 0, failed: passed ? 0 : 1, skipped: 0 }
  /** @type {VitestReport} */
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length
  const failed = report.numFailedTests + unloaded
  return {
    passed: report.numPassedTests,
    failed: passed ? failed : Math.max(failed, 1),
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/**
 * Says for each reason how many tests of a report were skipped: the reason stands in the name of the test or of a group around it, as
 * `(skipped: because)`; a test that gives none is named itself.
 *
 * @param {string} file The report, which need not exist.
 * @returns {readonly string[]}
 */
export const skippedTests = (file) => {
  if (!existsSync(file)) return []
  /** @type {VitestReport} */
  const report = JSON.parse(readFileSync(file, 'utf8'))
  /** @type {Map<string, number>} */
  const reasons = new Map()
  for (const { status, fullName } of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    if (!['skipped', 'pending', 'todo'].includes(status)) continue
    const reason = /\(skipped: ([^)]*)\)/.exec(fullName)?.[1] ?? fullName
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  return [...reasons].map(([reason, count]) => `${count} skipped: ${reason}`)
}

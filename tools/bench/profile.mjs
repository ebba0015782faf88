import { kernelTimes, observeOperations } from '@transferkit/runtime/node'

/**
 * Says where the time of a step goes: by operation, by operation and shape, the share outside native code, and the share of operations that had run before on the same
 * values and could be saved.
 *
 * @param {() => unknown} step Runs one step op by op.
 */
export const profile = (step) => {
  step()
  const observation = observeOperations(step)
  const { operations, milliseconds } = observation
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`
  const byOperation = kernelTimes(observation, false)
  const tables = [byOperation, kernelTimes(observation, true)].map((rows) => {
    const lines = rows.slice(0, 25).map((row) => `| ${row.operation} ${row.shape === undefined ? '' : `[${String(row.shape)}] `}| ${row.calls} | ${row.milliseconds.toFixed(1)} | ${percent(row.share)} | ${percent(row.repeatedShare)} |\n`)
    return `\n| operation | calls | ms | share | repeated |\n| --- | --- | --- | --- | --- |\n${lines.join('')}`
  })
  const native = byOperation.reduce((sum, { share }) => sum + share, 0)
  process.stdout.write(`${milliseconds.toFixed(1)} ms op by op, ${operations.length} operations. Outside native code: ${percent(1 - native)}.\nLargest resident set: ${Math.round((process.resourceUsage().maxRSS * 1024) / 1e6)} MB.\n${tables.join('')}`)
}

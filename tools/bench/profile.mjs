import { observeOperations } from '@transferkit/runtime/node'

/** @typedef {import('@transferkit/runtime/node').ObservedOperation} Operation */

/**
 * The sums of some operations by what is said of each, the largest first.
 *
 * @param {readonly Operation[]} operations
 * @param {(operation: Operation) => string} keyOf
 * @param {number} total
 * @param {number} most
 */
const summary = (operations, keyOf, total, most) => {
  /** @type {Map<string, { count: number, milliseconds: number, repeated: number }>} */
  const sums = new Map()
  for (const operation of operations) {
    const sum = sums.get(keyOf(operation)) ?? { count: 0, milliseconds: 0, repeated: 0 }
    const { milliseconds, repeated } = operation
    sums.set(keyOf(operation), { count: sum.count + 1, milliseconds: sum.milliseconds + milliseconds, repeated: sum.repeated + (repeated ? milliseconds : 0) })
  }
  const rows = [...sums].sort(([, left], [, right]) => right.milliseconds - left.milliseconds).slice(0, most)
  const share = (/** @type {number} */ milliseconds) => `${((100 * milliseconds) / total).toFixed(1)} %`
  return rows.map(([key, { count, milliseconds, repeated }]) => `| ${key} | ${count} | ${milliseconds.toFixed(1)} | ${share(milliseconds)} | ${share(repeated)} |\n`).join('')
}

/**
 * Says where the time of a step goes: by operation, by operation and shape, the share outside native code, and the share of operations that had run before on the same
 * values and could be saved.
 *
 * @param {() => unknown} step Runs one step op by op.
 */
export const profile = (step) => {
  step()
  const { operations, milliseconds } = observeOperations(step)
  const sum = (/** @type {readonly Operation[]} */ some) => some.reduce((total, operation) => total + operation.milliseconds, 0)
  const native = sum(operations)
  const head = '| calls | ms | share | of it repeated |\n| --- | --- | --- | --- | --- |\n'
  const repeated = operations.filter((operation) => operation.repeated)
  process.stdout.write(
    [
      `${milliseconds.toFixed(1)} ms op by op, ${operations.length} operations. Outside native code: ${(100 - (100 * native) / milliseconds).toFixed(1)} %.`,
      `Repeated on the same values: ${repeated.length} operations, ${((100 * sum(repeated)) / native).toFixed(1)} % of the native time.`,
      `Largest resident set: ${Math.round((process.resourceUsage().maxRSS * 1024) / 1e6)} MB.`,
      '',
      `| operation ${head}${summary(operations, ({ name }) => name, native, 20)}`,
      `| operation and shape ${head}${summary(operations, ({ name, outputShapes }) => `${name} [${String(outputShapes[0] ?? '')}]`, native, 25)}`,
    ].join('\n'),
  )
}

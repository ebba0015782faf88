import { backend } from '@tensorflow/tfjs'

/**
 * @typedef {object} Operation An operation that TensorFlow ran.
 * @property {string} name
 * @property {string} shape Shape of its first result.
 * @property {number} milliseconds
 * @property {boolean} repeated Whether the same operation ran before on the same values.
 */

/** @typedef {{ executeOp: (name: string, attributes: readonly unknown[], ids: readonly number[], outputs: number) => readonly { readonly id: number, readonly shape: readonly number[] }[], createTensor: (shape: readonly number[], type: number, values: unknown) => number }} Binding */

/** Elements up to which values are compared with those of other tensors. */
const smallTensor = 64

/**
 * Runs a step op by op and notes every operation.
 *
 * @param {() => unknown} step
 */
const observed = (step) => {
  const native = /** @type {{ binding: Binding }} */ (/** @type {unknown} */ (backend()))
  const { binding } = native
  /** @type {Operation[]} */
  const operations = []
  /** What a tensor's value is, the same for tensors that must have the same values. @type {Map<number, string>} */
  const values = new Map()
  /** @type {Map<string, string>} */
  const known = new Map()
  /** @type {(description: string) => string} */
  const named = (description) => {
    const name = known.get(description) ?? `#${known.size}`
    known.set(description, name)
    return name
  }
  const copy = /** @type {Binding} */ (Object.fromEntries(Object.getOwnPropertyNames(binding).map((name) => [name, Reflect.get(binding, name)])))
  native.binding = {
    ...copy,
    createTensor: (shape, type, content) => {
      const id = binding.createTensor(shape, type, content)
      const isSmall = ArrayBuffer.isView(content) && content.byteLength <= 4 * smallTensor
      values.set(id, isSmall ? named(`constant ${type} [${String(shape)}] ${String(content)}`) : `tensor ${id} ${operations.length}`)
      return id
    },
    executeOp: (name, attributes, ids, outputs) => {
      const description = `${name} ${JSON.stringify(attributes)} ${ids.map((id) => values.get(id) ?? `given ${id}`).join(' ')}`
      const repeated = known.has(description)
      const value = named(description)
      const start = performance.now()
      const results = binding.executeOp(name, attributes, ids, outputs)
      const milliseconds = performance.now() - start
      operations.push({ name, shape: `[${String(results[0]?.shape ?? '')}]`, milliseconds, repeated })
      results.forEach(({ id }, index) => values.set(id, `${value}:${index}`))
      return results
    },
  }
  const start = performance.now()
  try {
    step()
  } finally {
    native.binding = binding
  }
  return { operations, milliseconds: performance.now() - start }
}

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
  const { operations, milliseconds } = observed(step)
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
      `| operation and shape ${head}${summary(operations, ({ name, shape }) => `${name} ${shape}`, native, 25)}`,
    ].join('\n'),
  )
}

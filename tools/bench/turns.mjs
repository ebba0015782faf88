import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * Path of a file beside this one.
 *
 * @param {string} file
 */
export const here = (file) => fileURLToPath(new URL(file, import.meta.url))
const debug = process.env['BENCH_DEBUG'] === undefined ? 'ignore' : 'inherit'

/**
 * @typedef {object} Round What a contestant answers.
 * @property {number[]} times Milliseconds a step.
 * @property {number[]} losses Loss of each step.
 * @property {number} memory Largest resident set in bytes.
 * @property {number} [tensors] Tensors alive.
 */

/**
 * A child process that times steps when it is asked to.
 *
 * @param {string} name
 * @param {readonly [command: string, ...args: string[]]} run
 */
export const contestant = async (name, [command, ...args]) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', debug] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} stopped; run it with BENCH_DEBUG=1 to see why.`)
      if (value.startsWith('{')) return JSON.parse(value)
    }
  }
  await next()
  /** @type {number[]} */
  const times = []
  /** @type {Round} */
  let last = { times, losses: [], memory: 0 }
  return {
    name,
    times,
    last: () => last,
    /**
     * @param {number} count
     * @param {boolean} counted
     */
    round: async (count, counted) => {
      child.stdin.write(`step ${count}\n`)
      last = await next()
      if (counted) times.push(...last.times)
      return last
    },
    end: () => child.stdin.end('end\n'),
  }
}

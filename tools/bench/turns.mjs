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
 * @property {number} memory Largest resident set in bytes during the steps.
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
  let memory = 0
  /** @type {Round} */
  let last = { times, losses: [], memory }
  return {
    name,
    times,
    /** The last round, with the largest memory of all counted ones. */
    last: () => ({ ...last, memory: memory || last.memory }),
    /**
     * @param {number} count
     * @param {boolean} counted
     * @param {number} [limit] Seconds after which the contestant is stopped.
     * @returns {Promise<Round | undefined>} Undefined when the limit was reached.
     */
    round: async (count, counted, limit) => {
      let isLate = false
      const timer = limit === undefined ? undefined : setTimeout(() => {
        isLate = true
        child.kill()
      }, 1000 * limit)
      child.stdin.write(`step ${count}\n`)
      try {
        last = await next()
      } catch (error) {
        if (isLate) return undefined
        throw error
      } finally {
        clearTimeout(timer)
      }
      if (counted) {
        times.push(...last.times)
        memory = Math.max(memory, last.memory)
      }
      return last
    },
    /**
     * The multiply-adds of a step, where the contestant has taken none yet.
     *
     * @returns {Promise<number>}
     */
    multiplyAdds: async () => {
      child.stdin.write('count\n')
      return (await next()).multiplyAdds
    },
    end: () => child.stdin.end('end\n'),
  }
}

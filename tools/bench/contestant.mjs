import { createInterface } from 'node:readline'

/**
 * The side of a contestant: answers `step N` on standard input with the times of N steps in milliseconds, their losses, and the largest resident set in bytes,
 * and ends with `end`. Everything that a contestant prints is one line of JSON.
 *
 * @param {{ step: () => number | Promise<number>, describe: () => object }} contestant One training step, which returns its loss, and what to say of the set-up.
 */
export const answer = async ({ step, describe }) => {
  /** @param {object} message */
  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
  say({ ready: describe() })
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, count] = line.split(' ')
    if (command === 'end') break
    const times = []
    const losses = []
    for (let index = 0; index < Number(count); index++) {
      const start = performance.now()
      losses.push(await step())
      times.push(performance.now() - start)
    }
    say({ times, losses, memory: process.resourceUsage().maxRSS * 1024, ...describe() })
  }
}

import { createInterface } from 'node:readline'

/**
 * The side of a contestant: answers `step N` on standard input with the time of N steps in milliseconds, `memory` with the largest resident set,
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
    let loss = Number.NaN
    for (let index = 0; index < Number(count); index++) {
      const start = performance.now()
      loss = await step()
      times.push(performance.now() - start)
    }
    say({ times, loss, memory: process.resourceUsage().maxRSS * 1024, ...describe() })
  }
}

import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { observeOperations } from '@transferkit/runtime/node'
import { multiplyAdds } from './arithmetic.mjs'

/** Begins to look for the largest resident set anew, so that what a process took to start does not count. Where the system cannot do that, the largest ever counts. */
const forgetPeak = () => {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {}
}

/** The largest resident set in bytes since it was forgotten. */
const peak = () => {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

/**
 * The side of a contestant: answers `step N` on standard input with the times of N steps in milliseconds, their losses, and the largest resident set in bytes during
 * them, `count` with the multiply-adds of a step that was not compiled yet, and ends with `end`. Everything that a contestant prints is one line of JSON.
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
    if (command === 'count') {
      const { operations } = observeOperations(() => void step())
      say({ multiplyAdds: operations.reduce((sum, operation) => sum + multiplyAdds(operation), 0) })
      continue
    }
    forgetPeak()
    const times = []
    const losses = []
    for (let index = 0; index < Number(count); index++) {
      const start = performance.now()
      losses.push(await step())
      times.push(performance.now() - start)
    }
    say({ times, losses, memory: peak(), ...describe() })
  }
}

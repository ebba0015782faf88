import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout. */
export const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))

/**
 * What a command left behind.
 *
 * @typedef {object} Outcome
 * @property {boolean} passed Whether it ended with code 0.
 * @property {string} output What it printed, empty where it printed straight to the terminal.
 */

/**
 * Runs a command to its end in the checkout's root.
 *
 * It gets a process group of its own, so that a signal to this process reaches all that the command started, whoever sends the signal.
 *
 * @param {readonly [string, ...string[]]} command
 * @param {{ visible?: boolean, environment?: Record<string, string> }} [options] `visible` lets it print straight to the terminal.
 * @returns {Promise<Outcome>}
 */
export const runCommand = ([program, ...args], { visible = false, environment = {} } = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: workspaceRoot,
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ['ignore', visible ? 'inherit' : 'pipe', visible ? 'inherit' : 'pipe'],
    })
    /** @type {string[]} */
    const chunks = []
    child.stdout?.setEncoding('utf8').on('data', (chunk) => chunks.push(chunk))
    child.stderr?.setEncoding('utf8').on('data', (chunk) => chunks.push(chunk))

    let interruptions = 0
    /** @param {NodeJS.Signals} signal */
    const pass = (signal) => {
      interruptions += 1
      if (child.pid === undefined) return
      // Whoever asks twice wants no tidy end.
      const wanted = interruptions > 1 ? 'SIGKILL' : signal
      try {
        process.kill(-child.pid, wanted)
      } catch {
        // It ended in the meantime.
      }
    }
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
    for (const signal of signals) process.on(signal, pass)

    /** @param {Outcome} outcome */
    const end = (outcome) => {
      for (const signal of signals) process.off(signal, pass)
      resolve(outcome)
    }
    child.on('error', (error) => end({ passed: false, output: `${program}: ${error.message}` }))
    child.on('close', (code, signal) => {
      if (interruptions > 0) process.exit(128 + constants.signals[signal ?? 'SIGINT'])
      end({ passed: code === 0, output: chunks.join('') })
    })
  })

/**
 * Runs a command and prints one line with its time, and before it what a failed command printed.
 *
 * @param {string} title
 * @param {readonly [string, ...string[]]} command
 * @param {object} [options]
 * @param {Record<string, string>} [options.environment] Variables for it beside those of this process.
 * @param {boolean} [options.showsProgress] Whether it draws its own progress, which a person at a terminal then sees.
 * @param {(output: string) => string} [options.excerpt] Picks what to show of the output of a failed command.
 * @returns {Promise<Outcome>}
 */
export const runStep = async (title, command, { environment = {}, showsProgress = false, excerpt = (output) => output } = {}) => {
  const begin = performance.now()
  const { isTTY } = process.stdout
  if (isTTY) process.stdout.write(`${showsProgress ? '' : '\r\x1b[K'}...     ${title}${showsProgress ? '\n' : ''}`)
  const outcome = await runCommand(command, { environment, visible: isTTY && showsProgress })
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  if (isTTY && !showsProgress) process.stdout.write('\r\x1b[K')
  if (!outcome.passed) console.log(`\n${excerpt(outcome.output).trim()}\n`)
  console.log(`${outcome.passed ? 'ok    ' : 'FAILED'}  ${title}  (${seconds} s)`)
  return outcome
}

/** Ends with advice where this Node is too old, before anything fails for that reason in a way that nobody can read. */
export const demandNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`Transferkit needs Node 20.19 or newer; this is Node ${process.versions.node}. Install a newer one and run the command again.`)
  process.exit(1)
}

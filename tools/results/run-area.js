import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeAtomically } from '@transferkit/training/node'
import { folderOf } from './collected-results.js'
import { costOf, recipeText } from './planned-runs.js'

/** @import { PlannedRun } from './planned-runs.js' */

const commandLine = fileURLToPath(new URL('../../packages/cli/bin/transferkit.js', import.meta.url))

/**
 * A duration that people read, such as `7 min`.
 *
 * @type {(seconds: number) => string}
 */
export const durationText = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`)

/**
 * Seconds that are left, from the seconds and the costs of what is done.
 *
 * @type {(done: { readonly seconds: number; readonly cost: number }, left: number) => number | undefined}
 */
export const remainingSeconds = ({ seconds, cost }, left) => (cost === 0 ? undefined : (seconds / cost) * left)

/** What the command line ends with when it was interrupted. */
const interrupted = 130

/** @type {(run: PlannedRun, folder: string, dataDir: string | undefined) => Promise<number>} */
const compare = async (run, folder, dataDir) => {
  await mkdir(folder, { recursive: true })
  const recipe = join(folder, `${run.id}.yaml`)
  await writeAtomically(recipe, recipeText(run))
  const child = spawn(process.execPath, [commandLine, 'compare', recipe, '--out', folderOf(folder, run), ...(dataDir === undefined ? [] : ['--data-dir', dataDir])], { stdio: 'inherit' })
  // A terminal interrupts both processes: this one waits until the other has saved what it did.
  const wait = () => undefined
  process.on('SIGINT', wait)
  const terminate = () => child.kill('SIGINT')
  process.on('SIGTERM', terminate)
  try {
    const [code] = await once(child, 'close')
    return code ?? interrupted
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', terminate)
  }
}

/**
 * Runs recipes one after the other, each going on from what it finished before, and says how long the rest will take.
 *
 * @param {readonly PlannedRun[]} runs The runs.
 * @param {string} folder Folder of the run folders.
 * @param {string | undefined} dataDir Folder of the data sets.
 * @param {() => Promise<unknown>} collect Takes the results over after each run.
 * @returns {Promise<readonly string[]>} The runs that failed.
 */
export const runArea = async (runs, folder, dataDir, collect) => {
  /** @type {string[]} */
  const failed = []
  const done = { seconds: 0, cost: 0 }
  for (const [index, run] of runs.entries()) {
    const left = remainingSeconds(done, runs.slice(index).reduce((total, one) => total + costOf(one), 0))
    process.stderr.write(`\n${run.id}: run ${index + 1} of ${runs.length}${left === undefined ? '' : `, about ${durationText(left)} left`}\n`)
    const begin = performance.now()
    const code = await compare(run, folder, dataDir)
    if (code === 0) {
      done.seconds += (performance.now() - begin) / 1000
      done.cost += costOf(run)
    } else failed.push(run.id)
    // What a run finished before it failed or was stopped counts too.
    await collect()
    if (code === interrupted) return runs.slice(index).map(({ id }) => id).concat(failed.filter((id) => id !== run.id))
  }
  return failed
}

import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { writeAtomically } from '@transferkit/training/node'

/** @import { Inspection } from '@transferkit/tensor' */
/** @import { ResultRow, Results } from 'transferkit' */
/** @import { PlannedRun } from './planned-runs.js' */

/** @typedef {ResultRow & { readonly run: string; readonly task: string; readonly size: string; readonly steps: number }} AreaRow A row with where it belongs. */

/** @typedef {{ readonly run: string; readonly name: string; readonly seed: number; readonly step: number; readonly inspections: readonly Inspection[] }} LastLook What there was to see beside a model at the end of its training. */

/** @typedef {Omit<Results, 'rows'> & { readonly rows: readonly AreaRow[]; readonly looks: readonly LastLook[] }} AreaResults The data of an area. */

/** What a look at a model is kept for in the data. */
const keptInspections = ['lambda', 'lambda-spread', 'layer-learning-rates']

/** @type {<T>(file: string) => Promise<T | undefined>} */
const readJson = async (file) => {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/**
 * Where a run writes.
 *
 * @type {(folder: string, run: PlannedRun) => string}
 */
export const folderOf = (folder, { id }) => join(folder, id)

/** @type {(folder: string, run: string) => Promise<readonly LastLook[]>} */
const lastLooks = async (folder, run) => {
  const strategies = join(folder, 'strategies')
  const trials = (await readdir(strategies, { recursive: true })).filter((path) => basename(path) === 'result.json').map((path) => join(strategies, dirname(path)))
  const looks = await Promise.all(
    trials.map(async (trial) => {
      /** @type {{ readonly row: ResultRow } | undefined} */
      const result = await readJson(join(trial, 'result.json'))
      /** @type {{ readonly inspections?: readonly { readonly step: number; readonly inspections: readonly Inspection[] }[] } | undefined} */
      const config = await readJson(join(trial, 'artefact', 'transfer_config.json'))
      const last = config?.inspections?.at(-1)
      const inspections = last?.inspections.filter(({ name }) => keptInspections.includes(name)) ?? []
      return result === undefined || last === undefined || inspections.length === 0 ? [] : [{ run, name: result.row.name, seed: result.row.seed, step: last.step, inspections }]
    }),
  )
  return looks.flat().toSorted((left, right) => left.seed - right.seed || left.name.localeCompare(right.name))
}

/** A lock that is this old was left behind. */
const staleAfter = 60_000

/** @type {<T>(file: string, work: () => Promise<T>) => Promise<T>} */
const locked = async (file, work) => {
  await mkdir(dirname(file), { recursive: true })
  for (;;) {
    const handle = await open(file, 'wx').catch((/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EEXIST') return undefined
      throw error
    })
    if (handle !== undefined) {
      await handle.close()
      break
    }
    const age = await stat(file).then(({ mtimeMs }) => Date.now() - mtimeMs, () => 0)
    if (age > staleAfter) await rm(file, { force: true })
    else await setTimeout(50)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

/**
 * Takes the results of all run folders over into the data of an area, and keeps what other runs gave before. Several processes may do it at a time: each reads
 * what the others wrote.
 *
 * @param {string} name Name of the area.
 * @param {readonly PlannedRun[]} runs Its runs.
 * @param {string} folder Folder of the run folders.
 * @param {string} file The data.
 * @param {(results: AreaResults) => string} page Makes the page from the data.
 * @param {string} pageFile The page.
 * @returns {Promise<AreaResults | undefined>} The data; undefined while there are none.
 */
export const collectResults = (name, runs, folder, file, page, pageFile) =>
  locked(join(folder, 'collecting.lock'), async () => {
    /** @type {AreaResults | undefined} */
    const before = await readJson(file)
    /** @type {AreaResults | undefined} */
    let collected = before === undefined ? undefined : { ...before, rows: [], looks: [] }
    for (const run of runs) {
      /** @type {Results | undefined} */
      const found = await readJson(join(folderOf(folder, run), 'results.json'))
      if (found === undefined) {
        if (collected !== undefined && before !== undefined) {
          const own = /** @type {<T extends { readonly run: string }>(list: readonly T[]) => readonly T[]} */ (list) => list.filter((one) => one.run === run.id)
          collected = { ...collected, rows: [...collected.rows, ...own(before.rows)], looks: [...collected.looks, ...own(before.looks)] }
        }
        continue
      }
      const { rows, ...header } = found
      const looks = await lastLooks(folderOf(folder, run), run.id)
      collected = {
        ...(collected === undefined || collected.date < header.date ? header : collected),
        name,
        rows: [...(collected?.rows ?? []), ...rows.map((row) => ({ ...row, run: run.id, task: run.task, size: run.size, steps: row.strategy === 'tf-idf' ? 0 : run.steps }))],
        looks: [...(collected?.looks ?? []), ...looks],
      }
    }
    if (collected === undefined || collected.rows.length === 0) return undefined
    await writeAtomically(file, `${JSON.stringify(collected, undefined, 1)}\n`)
    await writeAtomically(pageFile, page(collected))
    return collected
  })

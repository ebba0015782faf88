import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { resultsOf, rowsOf } from './area-rows.fixture.js'
import { type AreaResults, collectResults } from './collected-results.js'
import { chosenRuns, costOf, type PlannedRun, recipeText, shareOf } from './planned-runs.js'
import { durationText, remainingSeconds } from './run-area.js'

const run = (id: string): PlannedRun => ({ id, task: `task ${id}`, size: '1 %', steps: 60, seeds: [1, 2, 3], strategies: [{ entry: 'fine-tune', cost: 1 }], recipe: { source: { network: 'lstm' } } })
const runs = ['a-1', 'a-10', 'b-1'].map(run)

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-results-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What the command line leaves in the folder of a run. */
const finish = async (id: string, accuracy: number): Promise<void> => {
  await mkdir(join(folder, id, 'strategies', 'fine-tune', 'seed-1', 'artefact'), { recursive: true })
  const rows = rowsOf({ run: '', task: '', size: '', examples: 10 }, 'fine-tune', 'fine-tune', accuracy)
  await writeFile(join(folder, id, 'results.json'), JSON.stringify(resultsOf(rows)))
  await writeFile(join(folder, id, 'strategies', 'fine-tune', 'seed-1', 'result.json'), JSON.stringify({ row: rows[0] }))
  const lambda = { name: 'lambda', title: '', rowAxis: '', valueAxis: '', series: { stage1: { stage1: 1 } } }
  await writeFile(join(folder, id, 'strategies', 'fine-tune', 'seed-1', 'artefact', 'transfer_config.json'), JSON.stringify({ inspections: [{ step: 30, inspections: [] }, { step: 60, inspections: [lambda] }] }))
}

const collect = (): Promise<AreaResults | undefined> => collectResults('nlp', runs, folder, join(folder, 'nlp.json'), ({ rows }) => `${rows.length} rows`, join(folder, 'nlp.md'))

test('takes over what there is, run by run, and keeps what is gone from the disk', async () => {
  expect(await collect()).toBeUndefined()
  await finish('b-1', 0.5)
  await collect()
  await rm(join(folder, 'b-1'), { recursive: true })
  await finish('a-1', 0.6)
  const results = await collect()
  expect(results?.rows.map((row) => `${row.run} ${row.task} ${row.seed} ${row.steps}`)).toEqual(['a-1', 'b-1'].flatMap((id) => [1, 2, 3].map((seed) => `${id} task ${id} ${seed} 60`)))
  expect(results?.looks).toMatchObject([{ run: 'a-1', name: 'fine-tune', seed: 1, step: 60 }, { run: 'b-1' }])
  expect(await readFile(join(folder, 'nlp.md'), 'utf8')).toBe('6 rows')
  await finish('a-1', 0.7)
  expect((await collect())?.rows.map(({ accuracy }) => accuracy.toFixed(2))).toEqual(['0.71', '0.72', '0.73', '0.51', '0.52', '0.53'])
})

test('two at a time lose no rows', async () => {
  await Promise.all(['a-1', 'a-10', 'b-1'].map(async (id) => {
    await finish(id, 0.5)
    await collect()
  }))
  // What was written, not what the last call says.
  const { rows } = JSON.parse(await readFile(join(folder, 'nlp.json'), 'utf8')) as AreaResults
  expect(rows).toHaveLength(9)
})

test('runs are named by themselves or by how they begin, and shared out', () => {
  expect(chosenRuns(runs, 'a').map(({ id }) => id)).toEqual(['a-1', 'a-10'])
  expect(chosenRuns(runs, 'a-1').map(({ id }) => id)).toEqual(['a-1'])
  expect(chosenRuns(runs, 'all')).toHaveLength(3)
  expect(() => chosenRuns(runs, 'c')).toThrow("There is no run 'c'. The runs are: all, a-1, a-10, b-1.")
  expect([shareOf([1, 2, 3], '1/2'), shareOf([1, 2, 3], '2/2')]).toEqual([[1, 3], [2]])
  expect(() => shareOf([1], '3/2')).toThrow('--share')
})

test('a recipe has the strategies and seeds of its run', () => {
  expect(JSON.parse(recipeText(run('a-1')))).toEqual({ name: 'a-1', source: { network: 'lstm' }, strategies: ['fine-tune'], seeds: [1, 2, 3] })
})

test('the time that is left follows from what was done', () => {
  expect(costOf(run('a-1'))).toBe(300)
  expect(remainingSeconds({ seconds: 30, cost: 300 }, 600)).toBe(60)
  expect(remainingSeconds({ seconds: 0, cost: 0 }, 600)).toBeUndefined()
  expect([durationText(59.6), durationText(600)]).toEqual(['60 s', '10 min'])
})

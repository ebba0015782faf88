// Makes docs/results/AREA.md from docs/results/AREA.json; with runs it makes the data first.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { areas } from './areas.js'
import { collectResults } from './collected-results.js'
import { chosenRuns, shareOf } from './planned-runs.js'
import { runArea } from './run-area.js'

/** @import { Results } from 'transferkit' */

const usage = `Makes the page of results docs/results/AREA.md from docs/results/AREA.json.

  npm run results -- AREA [RUN...] [--share 1/2] [--data-dir FOLDER]

  AREA        one of: ${Object.keys(areas).join(', ')}
  RUN         what becomes the data first:
${Object.entries(areas)
  .map(([name, { help }]) => `                ${name}: ${help}`)
  .join('\n')}
              A run goes on from what it finished before, in the folder runs/results/AREA.
  --share     which part of the runs to do, such as 1/2; another process can do 2/2 at the same time
  --data-dir  folder of the data sets
`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', default: false }, share: { type: 'string', default: '1/1' }, 'data-dir': { type: 'string' } },
})
const [name = '', ...words] = positionals
const area = areas[name]
if (values.help || area === undefined) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 1)
}

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const [data, page, notesFile] = [`${name}.json`, `${name}.md`, `${name}-notes.md`].map((file) => path(`docs/results/${file}`))
const notes = existsSync(notesFile ?? '') ? readFileSync(notesFile ?? '', 'utf8') : ''

/** @type {(run: string) => Results} */
const resultsOf = (run) => {
  const files = ['decathlon.json', 'results.json'].map((file) => join(run, file))
  const file = files.find((candidate) => existsSync(candidate))
  if (file === undefined) throw new Error(`${run} is no folder of a finished run: it has neither decathlon.json nor results.json.`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** @type {(dataFile: string, pageFile: string) => Promise<void>} */
const make = async (dataFile, pageFile) => {
  const folder = path(`runs/results/${name}`)
  const collect = () => collectResults(name, area.runs, folder, dataFile, (results) => area.page(results, notes), pageFile)
  const failed = words.length === 0 ? [] : await runArea(shareOf([...new Set(words.flatMap((word) => chosenRuns(area.runs, word)))], values.share), folder, values['data-dir'], collect)
  if ((await collect()) === undefined) throw new Error(`There are no results of ${name} yet. Make them with: npm run results -- ${name} all`)
  if (failed.length > 0) {
    process.stderr.write(`Not finished: ${failed.join(', ')}. The same command goes on from there.\n`)
    process.exitCode = 1
  }
}

if (data !== undefined && page !== undefined) {
  if (area.runs.length > 0) await make(data, page)
  else {
    if (words.length > 0) {
      const results = words.map(resultsOf)
      const [first] = results
      writeFileSync(data, `${JSON.stringify({ ...first, name, rows: results.flatMap(({ rows }) => rows) }, undefined, 1)}\n`)
    }
    writeFileSync(page, area.page(JSON.parse(readFileSync(data, 'utf8')), notes))
  }
}

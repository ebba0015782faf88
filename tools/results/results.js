// Makes docs/results/AREA.md from docs/results/AREA.json; with run folders it makes the data from their results first.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { areas } from './areas.js'
import { resultsPage } from './page.js'

/** @import { Results } from 'transferkit' */

const usage = `Makes the page of results docs/results/AREA.md from docs/results/AREA.json.

  npm run results -- AREA [RUN...]

  AREA    one of: ${Object.keys(areas).join(', ')}
  RUN     run folders: their results become the data first. The recipes that make them are
${Object.entries(areas)
  .map(([name, { recipes }]) => `            ${name}: ${recipes.join(', ')}`)
  .join('\n')}
`

const { positionals, values } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', default: false } } })
const [name = '', ...runs] = positionals
const area = areas[name]
if (values.help || area === undefined) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 1)
}

const folder = new URL('../../docs/results/', import.meta.url)
const data = new URL(`${name}.json`, folder)
const notes = new URL(`${name}-notes.md`, folder)

/** @type {(run: string) => Results} */
const resultsOf = (run) => {
  const files = ['decathlon.json', 'results.json'].map((file) => join(run, file))
  const file = files.find((path) => existsSync(path))
  if (file === undefined) throw new Error(`${run} is no folder of a finished run: it has neither decathlon.json nor results.json.`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

if (runs.length > 0) {
  const results = runs.map(resultsOf)
  const [first] = results
  writeFileSync(data, `${JSON.stringify({ ...first, name, rows: results.flatMap(({ rows }) => rows) }, undefined, 1)}\n`)
}
/** @type {Results} */
const results = JSON.parse(readFileSync(data, 'utf8'))
writeFileSync(new URL(`${name}.md`, folder), resultsPage(area, results, existsSync(notes) ? readFileSync(notes, 'utf8') : ''))

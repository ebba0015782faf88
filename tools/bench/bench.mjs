import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { comparisons } from './comparisons.mjs'
import { mergedRows, rowsOf, table } from './rows.mjs'
import { metaSteps, recurrentSteps, steps } from './steps.mjs'
import { contestant, here } from './turns.mjs'

const usage = `Compares training steps and the like side by side: contestants take turns in one run, and the first is compared with each.

  npm run bench -- [NAME ...] [--python PATH] [--rounds N] [--wasm] [--out FILE]

  NAME            what to compare, one or several of the following; all unless told
${Object.keys(comparisons).map((name) => `                    ${name}`).join('\n')}
  --python PATH   a Python that has torch; without it the comparison with PyTorch is left out
  --rounds N      counted rounds of two steps each after one round of warm-up, 6 unless told
  --wasm          also time our step on WebAssembly (one round; it is slow)
  --out FILE      write the rows as JSON, for example docs/results/bench.json; rows of what is not compared now stay as they are
`

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    wasm: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
for (const name of chosen) if (comparisons[name] === undefined) throw new Error(`There is no '${name}'; choose among ${Object.keys(comparisons).join(', ')}.`)
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}

const stepsPerRound = 2
const rounds = Number(options.rounds)
/** Milliseconds a step above which a contestant, such as one on another framework, takes part in one round only. */
const slowest = 2_000
/** How far the losses of the same steps may be apart, as a share of the first contestant's. */
const tolerance = 2e-3

/** @type {(name: string) => string | undefined} */
const ownScript = (name) => (name in steps ? 'transferkit-step.mjs' : name in recurrentSteps ? 'transferkit-recurrent.mjs' : name in metaSteps ? 'transferkit-l2t-ww.mjs' : undefined)

/**
 * @param {string} name
 * @param {string} folder
 */
const compare = async (name, folder) => {
  const comparison = comparisons[name]
  if (comparison === undefined) return []
  const start = join(folder, `${name}.safetensors`)
  if (comparison.writeStart !== undefined) {
    const [command, ...args] = comparison.writeStart
    execFileSync(command, [...args, start], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const contestants = []
  for (const each of comparison.contestants({ python: options.python, start })) contestants.push(Object.assign(await contestant(each.label, each.run), { startsElsewhere: each.startsElsewhere === true }))
  try {
    /** @type {readonly number[]} */
    let expected = []
    /** @type {Set<unknown>} */
    const slow = new Set()
    for (const each of contestants) {
      const { losses, times: warmUp } = await each.round(3, false)
      if (Math.min(...warmUp) > slowest) slow.add(each)
      if (comparison.writeStart === undefined || each.startsElsewhere) continue
      if (expected.length === 0) expected = losses
      const apart = losses.findIndex((loss, index) => !(Math.abs(loss - (expected[index] ?? 0)) <= tolerance * Math.abs(expected[index] ?? 0)))
      if (apart >= 0) throw new Error(`${name}: the contestants do not compute the same. The losses of '${each.name}' are ${losses.join(', ')}, but those of '${contestants[0]?.name}' are ${expected.join(', ')}.`)
    }
    for (let round = 0; round < rounds; round++) for (const each of contestants) if (round === 0 || !slow.has(each)) await each.round(stepsPerRound, true)
    const script = ownScript(name)
    if (options.wasm && script !== undefined) {
      const wasm = await contestant('Transferkit, wasm, eager', [process.execPath, here(script), name, 'wasm', 'eager'])
      contestants.push(Object.assign(wasm, { startsElsewhere: false }))
      await wasm.round(1, false)
      await wasm.round(1, true)
    }
  } finally {
    for (const each of contestants) each.end()
  }
  return rowsOf(name, contestants)
}

/** @type {(rows: readonly import('./rows.mjs').Row[]) => void} */
const save = (rows) => {
  if (options.out === undefined) return
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 2 ** 30), node: process.version }
  const before = existsSync(options.out) ? JSON.parse(readFileSync(options.out, 'utf8')) : undefined
  writeFileSync(options.out, `${JSON.stringify({ machine, rows: mergedRows(before, rows, commit) }, undefined, 2)}\n`)
}

const folder = mkdtempSync(join(tmpdir(), 'transferkit-bench-'))
try {
  for (const name of chosen.length === 0 ? Object.keys(comparisons) : chosen) {
    const rows = await compare(name, folder)
    process.stdout.write(table(rows))
    // At once, so that what was measured is kept when a later comparison fails.
    save(rows)
  }
} finally {
  rmSync(folder, { recursive: true })
}

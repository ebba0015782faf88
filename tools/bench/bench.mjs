import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { comparisons } from './comparisons.mjs'
import { steps } from './steps.mjs'
import { contestant, here } from './turns.mjs'

const usage = `Compares training steps and the like side by side: contestants take turns in one run, and the first is compared with each.

  node tools/bench/bench.mjs [--python PATH] [--step NAME] [--rounds N] [--wasm] [--out FILE]

  --python PATH   a Python that has torch; without it the comparison with PyTorch is left out
  --step NAME     one of the following; all unless told
${Object.keys(comparisons).map((name) => `                    ${name}`).join('\n')}
  --rounds N      counted rounds of two steps each after one round of warm-up, 6 unless told
  --wasm          also time our step on WebAssembly (one round; it is slow)
  --out FILE      write the rows as JSON, for example docs/results/bench.json
`

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    step: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    wasm: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (options.step !== undefined && comparisons[options.step] === undefined) throw new Error(`There is no '${options.step}'; choose one of ${Object.keys(comparisons).join(', ')}.`)
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}

const stepsPerRound = 2

/** @param {readonly number[]} times */
const median = (times) => times.toSorted((left, right) => left - right)[times.length >> 1] ?? Number.NaN

/** @param {string} name */
const compare = async (name) => {
  const rounds = Number(options.rounds)
  const contestants = []
  for (const [label, command, ...args] of comparisons[name]?.(options.python) ?? []) contestants.push(await contestant(label, command, args))
  for (const each of contestants) await each.round(3, false)
  for (let round = 0; round < rounds; round++) for (const each of contestants) await each.round(stepsPerRound, true)
  if (options.wasm && name in steps) {
    const wasm = await contestant('Transferkit, wasm, eager', process.execPath, [here('transferkit-step.mjs'), name, 'wasm', 'eager'])
    await wasm.round(1, false)
    await wasm.round(1, true)
    contestants.push(wasm)
  }
  for (const each of contestants) each.end()
  const [ours] = contestants
  return contestants.map((each) => ({
    step: name,
    contestant: each.name,
    minimumMilliseconds: Math.round(Math.min(...each.times) * 10) / 10,
    medianMilliseconds: Math.round(median(each.times) * 10) / 10,
    oursOverThis: Math.round((Math.min(...(ours?.times ?? [])) / Math.min(...each.times)) * 1000) / 1000,
    peakMegabytes: Math.round(each.last().memory / 1e6),
    ...(each.last().tensors === undefined ? {} : { tensorsAlive: each.last().tensors }),
  }))
}

const rows = []
for (const name of options.step === undefined ? Object.keys(comparisons) : [options.step]) rows.push(...(await compare(name)))
process.stdout.write('| step | contestant | min ms | median ms | ours ÷ this | peak MB |\n| --- | --- | --- | --- | --- | --- |\n')
for (const row of rows) {
  process.stdout.write(`| ${row.step} | ${row.contestant} | ${row.minimumMilliseconds} | ${row.medianMilliseconds} | ${row.oursOverThis} | ${row.peakMegabytes} |\n`)
}
if (options.out !== undefined) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 2 ** 30), node: process.version }
  writeFileSync(options.out, `${JSON.stringify({ commit, machine, rows }, undefined, 2)}\n`)
}

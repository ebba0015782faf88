import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { contestant, here } from './turns.mjs'
import { steps } from './steps.mjs'

const usage = `Compares training steps side by side: contestants take turns in one run, and each is compared with ours.

  node tools/bench/bench.mjs [--python PATH] [--step NAME] [--rounds N] [--wasm] [--out FILE]

  --python PATH   a Python that has torch; without it the comparison with PyTorch is left out
  --step NAME     one of: resnet32-batch128, resnet26-batch32; both unless told
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
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}

const stepsPerRound = 2
const compared = Object.keys(steps).filter((name) => name !== 'digits-batch64')

/** @param {readonly number[]} times */
const median = (times) => times.toSorted((left, right) => left - right)[times.length >> 1] ?? Number.NaN

/** @param {string} name */
const compare = async (name) => {
  const rounds = Number(options.rounds)
  /** @type {(backend: string, mode: string) => ReturnType<typeof contestant>} */
  const ourStep = (backend, mode) => contestant(`Transferkit, ${backend}, ${mode}`, process.execPath, [here('transferkit-step.mjs'), name, backend, mode])
  const ours = await ourStep('native', 'compiled')
  const contestants = [ours, await ourStep('native', 'eager')]
  if (options.python !== undefined) {
    for (const layout of ['default', 'channels-last']) {
      contestants.push(await contestant(`PyTorch, ${layout}`, options.python, [here('pytorch_step.py'), name, layout]))
    }
  }
  contestants.push(await contestant('TensorFlow.js layers, native', process.execPath, [here('layers-step.mjs'), name]))
  for (const each of contestants) await each.round(3, false)
  for (let round = 0; round < rounds; round++) for (const each of contestants) await each.round(stepsPerRound, true)
  if (options.wasm) {
    const wasm = await ourStep('wasm', 'eager')
    await wasm.round(1, false)
    await wasm.round(1, true)
    contestants.push(wasm)
  }
  for (const each of contestants) each.end()
  return contestants.map((each) => ({
    step: name,
    contestant: each.name,
    minimumMilliseconds: Math.round(Math.min(...each.times) * 10) / 10,
    medianMilliseconds: Math.round(median(each.times) * 10) / 10,
    oursOverThis: Math.round((Math.min(...ours.times) / Math.min(...each.times)) * 1000) / 1000,
    peakMegabytes: Math.round(each.last().memory / 1e6),
    ...(each.last().tensors === undefined ? {} : { tensorsAlive: each.last().tensors }),
  }))
}

const rows = []
for (const name of options.step === undefined ? compared : [options.step]) rows.push(...(await compare(name)))
process.stdout.write('| step | contestant | min ms | median ms | ours ÷ this | peak MB |\n| --- | --- | --- | --- | --- | --- |\n')
for (const row of rows) {
  process.stdout.write(`| ${row.step} | ${row.contestant} | ${row.minimumMilliseconds} | ${row.medianMilliseconds} | ${row.oursOverThis} | ${row.peakMegabytes} |\n`)
}
if (options.out !== undefined) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 2 ** 30), node: process.version }
  writeFileSync(options.out, `${JSON.stringify({ commit, machine, rows }, undefined, 2)}\n`)
}

import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { steps } from './steps.mjs'

const usage = `Compares training steps side by side: contestants take turns in one run, and each is compared with ours.

  node tools/bench/bench.mjs [--python PATH] [--step NAME] [--rounds N] [--wasm] [--out FILE]

  --python PATH   a Python that has torch; without it the comparison with PyTorch is left out
  --step NAME     one of: ${Object.keys(steps).join(', ')}; all unless told
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

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url))
const stepsPerRound = 2
const debug = process.env['BENCH_DEBUG'] === undefined ? 'ignore' : 'inherit'

/**
 * @typedef {object} Round What a contestant answers.
 * @property {number[]} times Milliseconds a step.
 * @property {number} memory Largest resident set in bytes.
 * @property {number} [tensors] Tensors alive.
 */

/**
 * A child process that times steps when it is asked to.
 *
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 */
const contestant = async (name, command, args) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', debug] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} stopped; run it with BENCH_DEBUG=1 to see why.`)
      if (value.startsWith('{')) return JSON.parse(value)
    }
  }
  await next()
  /** @type {number[]} */
  const times = []
  /** @type {Round} */
  let last = { times, memory: 0 }
  return {
    name,
    times,
    last: () => last,
    /**
     * @param {number} count
     * @param {boolean} counted
     */
    round: async (count, counted) => {
      child.stdin.write(`step ${count}\n`)
      last = await next()
      if (counted) times.push(...last.times)
    },
    end: () => child.stdin.end('end\n'),
  }
}

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
for (const name of options.step === undefined ? Object.keys(steps) : [options.step]) rows.push(...(await compare(name)))
process.stdout.write('| step | contestant | min ms | median ms | ours ÷ this | peak MB |\n| --- | --- | --- | --- | --- | --- |\n')
for (const row of rows) {
  process.stdout.write(`| ${row.step} | ${row.contestant} | ${row.minimumMilliseconds} | ${row.medianMilliseconds} | ${row.oursOverThis} | ${row.peakMegabytes} |\n`)
}
if (options.out !== undefined) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 2 ** 30), node: process.version }
  writeFileSync(options.out, `${JSON.stringify({ commit, machine, rows }, undefined, 2)}\n`)
}

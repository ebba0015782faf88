import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { comparisons } from './comparisons.mjs'
import { keep } from './record.mjs'
import { rounded, rowsOf, table } from './rows.mjs'
import { axisNames, scalingRows } from './scaling.mjs'
import { startUp } from './start-up.mjs'
import { metaSteps, recurrentSteps, steps } from './steps.mjs'
import { contestant, here } from './turns.mjs'

/** What else can be measured beside comparisons. */
const others = { scaling: 'how time grows', 'start-up': 'import, first step, installed size', page: 'nothing: only makes page and plot from FILE again' }
const names = [...Object.keys(comparisons), ...Object.keys(others)]

const usage = `Compares training steps and the like side by side: contestants take turns in one run, and the first is compared with each.

  npm run bench -- [NAME ...] [--python PATH] [--rounds N] [--compile-limit S] [--wasm] [--out FILE]

  NAME               what to measure, one or several of the following; all unless told
${Object.keys(comparisons).map((name) => `                       ${name}`).join('\n')}
${Object.entries(others).map(([name, what]) => `                       ${name} (${what})`).join('\n')}
  --python PATH      a Python that has torch; without it the comparison with PyTorch is left out
  --rounds N         counted rounds of two steps each after one round of warm-up, 6 unless told
  --compile-limit S  seconds that torch.compile has for the warm-up of a comparison, 60 unless told; what takes longer is left out
  --wasm             also time our step on WebAssembly (one round; it is slow)
  --out FILE         write what was measured as JSON, for example docs/results/bench.json, with page and plot beside it; what is not measured now stays as it is
`

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    'compile-limit': { type: 'string', default: '60' },
    wasm: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
for (const name of chosen) if (!names.includes(name)) throw new Error(`There is no '${name}'; choose among ${names.join(', ')}.`)
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}

const stepsPerRound = 2
const rounds = Number(options.rounds)
/** Milliseconds a step above which a contestant, such as one on another framework, takes part in one round only. */
const slowest = 2_000
/** @type {(name: string) => string | undefined} */
const ownScript = (name) => (name in steps ? 'transferkit-step.mjs' : name in recurrentSteps ? 'transferkit-recurrent.mjs' : name in metaSteps ? 'transferkit-l2t-ww.mjs' : undefined)

const compileLimit = Number(options['compile-limit'])

/** Most floating-point operations of a matrix product, in 10⁹ a second: the best of several sizes. */
const measuredPeak = async () => {
  let best = 0
  for (const size of [1024, 2048, 3072]) {
    const side = await contestant('matrix product', [process.execPath, here('transferkit-peak.mjs'), String(size)])
    await side.round(2, false)
    await side.round(6, true)
    side.end()
    best = Math.max(best, (2 * size ** 3) / (Math.min(...side.times) * 1e6))
  }
  return rounded(best, 1)
}

/**
 * The multiply-adds of our step, counted in a process of its own.
 *
 * @param {import('./comparisons.mjs').Contestant | undefined} ours
 */
const counted = async (ours) => {
  if (ours === undefined) return 0
  const side = await contestant(ours.label, ours.run)
  try {
    return await side.multiplyAdds()
  } finally {
    side.end()
  }
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {number} matMulGigaflops
 */
const compare = async (name, folder, matMulGigaflops) => {
  const comparison = comparisons[name]
  if (comparison === undefined) return []
  const { tolerance = 2e-3 } = comparison
  const start = join(folder, `${name}.safetensors`)
  if (comparison.writeStart !== undefined) {
    const [command, ...args] = comparison.writeStart
    execFileSync(command, [...args, start], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const sides = comparison.contestants({ python: options.python, start })
  const arithmetic = comparison.counts === false ? undefined : { multiplyAdds: await counted(sides[0]), matMulGigaflops }
  let contestants = []
  for (const { label, run, startsElsewhere = false, compiles = false } of sides) contestants.push(Object.assign(await contestant(label, run), { startsElsewhere, compiles }))
  try {
    /** @type {readonly number[]} */
    let expected = []
    /** @type {Set<unknown>} */
    const slow = new Set()
    /** @type {Set<unknown>} */
    const late = new Set()
    for (const each of contestants) {
      const warm = await each.round(3, false, each.compiles ? compileLimit : undefined)
      if (warm === undefined) {
        process.stdout.write(`${name}: '${each.name}' was not ready after ${compileLimit} s and is left out; --compile-limit gives it more.\n`)
        late.add(each)
        continue
      }
      const { losses, times: warmUp } = warm
      if (Math.min(...warmUp) > slowest) slow.add(each)
      if (comparison.writeStart === undefined || each.startsElsewhere) continue
      if (expected.length === 0) expected = losses
      const apart = losses.findIndex((loss, index) => !(Math.abs(loss - (expected[index] ?? 0)) <= tolerance * Math.abs(expected[index] ?? 0)))
      if (apart >= 0) throw new Error(`${name}: the contestants do not compute the same. The losses of '${each.name}' are ${losses.join(', ')}, but those of '${contestants[0]?.name}' are ${expected.join(', ')}.`)
    }
    contestants = contestants.filter((each) => !late.has(each))
    for (let round = 0; round < rounds; round++) for (const each of contestants) if (round === 0 || !slow.has(each)) await each.round(stepsPerRound, true)
    const script = ownScript(name)
    if (options.wasm && script !== undefined) {
      const wasm = await contestant('Transferkit, wasm, eager', [process.execPath, here(script), name, 'wasm', 'eager'])
      contestants.push(Object.assign(wasm, { startsElsewhere: false, compiles: false }))
      await wasm.round(1, false)
      await wasm.round(1, true)
    }
  } finally {
    for (const each of contestants) each.end()
  }
  return rowsOf(name, contestants, arithmetic)
}

const wanted = new Set(chosen.length === 0 ? names : chosen)
/** Kept at once, so that what was measured stays when something fails later. @type {(measured: Parameters<typeof keep>[1]) => void} */
const save = (measured) => {
  if (options.out !== undefined) keep(options.out, measured)
}

const folder = mkdtempSync(join(tmpdir(), 'transferkit-bench-'))
try {
  const compared = Object.keys(comparisons).filter((name) => wanted.has(name))
  if (compared.length > 0) {
    const matMulGigaflops = await measuredPeak()
    process.stdout.write(`Matrix product: ${matMulGigaflops} GFLOP/s at best.\n`)
    for (const name of compared) {
      const rows = await compare(name, folder, matMulGigaflops)
      process.stdout.write(table(rows))
      save({ rows, matMulGigaflops })
    }
  }
  for (const axis of wanted.has('scaling') ? axisNames : []) {
    const scaling = await scalingRows(axis, rounds)
    process.stdout.write(scaling.map(({ value, minimumMilliseconds }) => `${axis} ${value}: ${minimumMilliseconds} ms\n`).join(''))
    save({ scaling })
  }
  if (wanted.has('start-up')) {
    const measured = await startUp()
    process.stdout.write(`${JSON.stringify(measured, undefined, 2)}\n`)
    save({ startUp: measured })
  }
  if (wanted.has('page')) save({})
} finally {
  rmSync(folder, { recursive: true })
}

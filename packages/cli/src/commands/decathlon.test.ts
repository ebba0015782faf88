import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeImages } from '../images.fixture.js'
import type { DecathlonResults } from '../report/decathlon-results.js'
import type { DecathlonSummary } from '../report/decathlon-summary.js'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

const recipe = `name: two
backend: cpu
source:
  network: digit-network
  pretrain: { dataset: ./source, steps: 3, batchSize: 6 }
domains:
  - name: first
    dataset: ./first
    examplesPerClass: 2
  - name: second one
    dataset: ./second
    examplesPerClass: 3
    training: { steps: 4, weightDecay: 0.01 }
    strategyOptions: { parallel-adapters: { initialisation: zero } }
training: { steps: 3, batchSize: 4, learningRate: 0.02 }
strategies: [feature-extraction, fine-tune, parallel-adapters]
seeds: [1, 2]
`

let folder = ''

const run = (...argv: readonly string[]): Promise<Captured> => runCaptured(argv, { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') } })

const resultsOf = async (out: string): Promise<DecathlonResults> =>
  // Written by the command under test; a wrong shape fails the comparison.
  JSON.parse(await readFile(join(folder, out, 'decathlon.json'), 'utf8')) as DecathlonResults

let first: Captured

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-decathlon-'))
  await writeImages(join(folder, 'source'), 3, 1)
  await writeImages(join(folder, 'first'), 4, 2)
  await writeImages(join(folder, 'second'), 5, 3)
  await writeFile(join(folder, 'two.yaml'), recipe)
  first = await run('decathlon', 'two.yaml', '--out', 'out', '--json')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('decathlon', () => {
  test('trains every strategy on every domain with every seed, with what is different for a domain', async () => {
    expect({ code: first.code, stderr: first.code === 0 ? '' : first.stderr }).toEqual({ code: 0, stderr: '' })
    const { rows, baseParameters } = await resultsOf('out')
    expect(rows.map(({ domain, name, seed }) => `${domain}, ${name}, ${seed}`)).toEqual(
      ['first', 'second one'].flatMap((domain) => ['feature-extraction', 'fine-tune', 'parallel-adapters'].flatMap((name) => [1, 2].map((seed) => `${domain}, ${name}, ${seed}`))),
    )
    expect(rows.filter(({ name }) => name === 'parallel-adapters').map(({ options }) => options['initialisation'])).toEqual(['reference', 'reference', 'zero', 'zero'])
    for (const row of rows.filter(({ name }) => name === 'fine-tune')) expect(row.privateParameters - row.headParameters).toBe(baseParameters)
    const log = async (domain: string): Promise<string> => readFile(join(folder, 'out', 'domains', domain, 'fine-tune', 'seed-1', 'metrics.jsonl'), 'utf8')
    expect((await log('first')).match(/"step-end"/g)).toHaveLength(3)
    expect((await log('second-one')).match(/"step-end"/g)).toHaveLength(4)
    expect(await readFile(join(folder, 'out', 'domains', 'second-one', 'parallel-adapters', 'seed-2', 'artefact', 'transfer_config.json'), 'utf8')).toContain('"parallel-adapters"')
  })

  test('reports score and sizes; fine-tuning on two domains is three times the base', () => {
    const { summary } = JSON.parse(first.stdout) as { readonly summary: DecathlonSummary }
    const [extraction, tuned, adapted] = summary.strategies
    expect(extraction?.multiple).toBe(1)
    expect(tuned?.multiple).toBe(3)
    expect(adapted?.multiple).toBeGreaterThan(1)
    expect(adapted?.multiple).toBeLessThan(2)
  })

  test('runs again from what is finished, and report writes the page again', async () => {
    const again = await run('decathlon', 'two.yaml', '--out', 'out')
    expect(again.code).toBe(0)
    expect(again.stderr.match(/finished before/g)).toHaveLength(12)
    expect(again.stdout).toMatch(/^second one /m)
    await rm(join(folder, 'out', 'report.html'))
    const { code, stdout } = await run('report', 'out')
    expect(code).toBe(0)
    expect(`\n${stdout}`).toBe(again.stdout)
    const page = await readFile(join(folder, 'out', 'report.html'), 'utf8')
    expect(page).toContain('Accuracy by domain')
    for (const text of ['Inside parallel-adapters', 'How large the adapters are']) expect(page).toContain(text)
  })

  test('the recipe of the run folder says the same', async () => {
    const text = await readFile(join(folder, 'out', 'recipe.yaml'), 'utf8')
    await writeFile(join(folder, 'resolved.yaml'), text)
    const { code, stderr } = await run('decathlon', 'resolved.yaml', '--out', 'out')
    expect(code).toBe(0)
    expect(stderr.match(/finished before/g)).toHaveLength(12)
  })

  test.each([
    ['a domain twice', 'name: second one', 'name: first', 'the name "first" is used twice'],
    ['a strategy that is not there in the options of a domain', 'parallel-adapters: {', 'paralel-adapters: {', 'Did you mean "parallel-adapters"?'],
    ['an option that is not there', 'initialisation: zero', 'initialization: zero', 'two-wrong.yaml, line 14'],
    ['a reference that is not there', 'seeds: [1, 2]', 'seeds: [1]\nscore: { fineTuned: finetune }', 'score.fineTuned: the recipe has no strategy "finetune". Did you mean "fine-tune"?'],
    ['domains without published constants', 'seeds: [1, 2]', 'seeds: [1]\nscore: { constants: published }', 'is none of the domains with published constants'],
    ['a data set that is not there', 'dataset: ./second', 'dataset: ./secnod', 'domains[1].dataset'],
    ['settings of a domain that do not fit', 'weightDecay: 0.01', 'schedule: step', 'domains[1].training.schedule: a step schedule needs milestones'],
  ])('%s is refused in its place', async (_, from, to, reason) => {
    expect(recipe).toContain(from)
    await writeFile(join(folder, 'two-wrong.yaml'), recipe.replace(from, to))
    const { code, stderr } = await run('decathlon', 'two-wrong.yaml', '--out', 'wrong')
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
  })
})

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeImages } from '../images.fixture.js'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

/** A small source, and targets of another architecture. */
const recipe = (strategies: string): string => `name: meta
backend: cpu
source:
  network: digit-network
  pretrain: { dataset: ./source, test: ./source, steps: 2, batchSize: 6 }
target:
  dataset: ./target
  examplesPerClass: 2
  transforms: [{ padTo: 12 }]
training: { steps: 2, batchSize: 4, learningRate: 0.01 }
strategies:
${strategies}
seeds: [1]
`

let folder = ''
const run = (...argv: readonly string[]): Promise<Captured> => runCaptured(argv, { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') } })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-meta-'))
  await writeImages(join(folder, 'source'), 4, 1)
  await writeImages(join(folder, 'target'), 5, 2)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('lists the strategies and regularisers of meta-transfer', async () => {
  const { stdout } = await run('strategies')
  for (const name of ['fresh-network', 'l2t-ww', 'lwf', 'attention-transfer', 'feature-matching', 'l2t-w']) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'))
})

test('teaches a network of another architecture, and predicts with what was kept of it', async () => {
  const pairs = '{ pairs: [{ source: stage1, target: stage1 }] }'
  await writeFile(
    join(folder, 'meta.yaml'),
    recipe(`  - { strategy: fresh-network, options: { target: lenet } }
  - { strategy: fresh-network, name: taught, options: { target: lenet }, regularisers: [lwf, { regulariser: attention-transfer, options: ${pairs} }, { regulariser: feature-matching, options: ${pairs} }, { regulariser: l2t-w, options: ${pairs} }] }
  - { strategy: l2t-ww, options: { target: lenet, pairs: [{ source: stage1, target: stage1 }], innerSteps: 1 } }`),
  )
  const { code, stderr } = await run('compare', 'meta.yaml', '--out', 'run')
  expect(stderr).toContain('Report: ')
  expect(code).toBe(0)
  for (const name of ['fresh-network', 'taught', 'l2t-ww']) {
    const artefact = join('run', 'strategies', name, 'seed-1', 'artefact')
    expect(await readFile(join(folder, artefact, 'transfer_config.json'), 'utf8')).toContain('"target": "lenet"')
    const { stdout, stderr: problem } = await run('predict', artefact, join('target', 'down', '0.png'), '--backend', 'cpu', '--json')
    expect(problem).not.toContain('Error')
    expect(JSON.parse(stdout)).toMatchObject({ label: expect.stringMatching(/across|down|slanted/) as string })
  }
})

test('what does not fit is told with its line before anything is trained', async () => {
  await writeFile(
    join(folder, 'wrong.yaml'),
    recipe(`  - fine-tune
  - strategy: fresh-network
    options: { target: le-net }
  - strategy: l2t-ww
    options:
      target: lenet
      pairs:
        - { source: stage1, target: stage1 }
        - { source: stgae1, target: stage2 }
  - strategy: fresh-network
    name: watched
    options: { target: lenet }
    regularisers:
      - lwf
      - regulariser: attention-transfer
        options: { pairs: [{ source: stage1, target: stage9 }] }
      - dan
  - strategy: l2t-ww
    name: composed
    options: { target: lenet, pairs: [{ source: stage1, target: stage1 }] }
    regularisers: [lwf]`),
  )
  const { code, stderr } = await run('compare', 'wrong.yaml', '--out', 'wrong')
  expect(code).toBe(2)
  expect(stderr).toMatch(/line 14, column \d+, strategies\[1\]\.options\.target: .*there is no target architecture 'le-net'\. Did you mean 'lenet'\?/)
  expect(stderr).toMatch(/line 20, column \d+, strategies\[2\]\.options\.pairs\[1\]\.source: The source network .* has no tap 'stgae1'/)
  expect(stderr).toMatch(/line 27, column \d+, strategies\[3\]\.regularisers\[1\]\.options\.pairs\[0\]\.target: .* has no tap 'stage9'/)
  expect(stderr).toMatch(/line 28, column \d+, strategies\[3\]\.regularisers\[2\]: 'dan' learns from source-domain examples/)
  expect(stderr).toMatch(/line 32, column \d+, strategies\[4\]\.regularisers: 'l2t-ww' runs its training steps itself/)
  expect(stderr).not.toContain('fine-tune, seed 1')
})

test('a regulariser that is there twice is told with its line', async () => {
  await writeFile(join(folder, 'twice.yaml'), recipe('  - { strategy: fine-tune, regularisers: [lwf, lwf] }'))
  const { code, stderr } = await run('compare', 'twice.yaml', '--out', 'twice')
  expect(code).toBe(2)
  expect(stderr).toContain('strategies[0].regularisers[1]: the regulariser "lwf" is there twice')
})

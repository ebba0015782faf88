import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diagnose } from '@transferkit/runtime/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeImages } from '../images.fixture.js'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

const recipe = `name: bars
source:
  network: digit-network
  pretrain: { dataset: ./source, steps: 2, batchSize: 6 }
target:
  dataset: ./target
  examplesPerClass: 2
training: { steps: 40, batchSize: 4, learningRate: 0.02 }
strategies:
  - feature-extraction
  - fine-tune
  - { strategy: gtn, options: { warmUp: 0.25 } }
`

interface Profile {
  readonly strategy: string
  readonly phases: readonly { readonly phase: string; readonly milliseconds: number; readonly outsideShare: number; readonly replayedMilliseconds?: number; readonly kernels: readonly { readonly operation: string; readonly share: number }[] }[]
}

const { backends } = await diagnose()
const hasNative = backends.some(({ backend, usable }) => backend === 'native' && usable)
if (!hasNative) process.stderr.write('Skipped: profiles of the native backend, which is not set up.\n')

let folder = ''

const profile = (...argv: readonly string[]): Promise<Captured> => runCaptured(['profile', 'bars.yaml', ...argv], { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') } })

const profiled = async (strategy: string): Promise<Profile> => {
  const { code, stdout, stderr } = await profile('--strategy', strategy, '--backend', 'native', '--json')
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  // Written by the command under test; a wrong shape fails the expectations.
  return JSON.parse(stdout) as Profile
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-profile-'))
  await writeImages(join(folder, 'source'), 4, 1)
  await writeImages(join(folder, 'target'), 5, 2)
  await writeFile(join(folder, 'bars.yaml'), recipe)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test.runIf(hasNative)('names the kernels of a step, with shares that add up with what is outside of native code', async () => {
  const { strategy, phases } = await profiled('fine-tune')
  expect({ strategy, phases: phases.map(({ phase }) => phase) }).toEqual({ strategy: 'fine-tune', phases: ['training'] })
  const [{ kernels, outsideShare, replayedMilliseconds } = { kernels: [], outsideShare: 0 }] = phases
  expect(kernels.some(({ operation }) => operation.includes('Conv2DBackpropFilter'))).toBe(true)
  expect(kernels.length).toBeLessThanOrEqual(15)
  expect(kernels.reduce((sum, { share }) => sum + share, 0) + outsideShare).toBeLessThanOrEqual(1 + 1e-9)
  expect(replayedMilliseconds).toBeGreaterThan(0)
})

test.runIf(hasNative)('profiles what really runs: a head on features that are computed once, and each phase of a training', async () => {
  const { phases } = await profiled('feature-extraction')
  expect(phases.flatMap(({ kernels }) => kernels.filter(({ operation }) => operation.includes('Conv')))).toEqual([])
  expect((await profiled('gtn')).phases.map(({ phase }) => phase)).toEqual(['warm-up', 'training'])
})

test.runIf(hasNative)('prints a table', async () => {
  const { code, stdout } = await profile('--strategy', 'fine-tune', '--backend', 'native', '--shapes', '--top', '3')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^fine-tune, seed 1, on TensorFlow/)
  expect(stdout).toMatch(/training: [\d.]+ ms op by op, \d+ operations; [\d.]+ % of it outside native code\. Replayed as one operation: [\d.]+ ms\./)
  expect(stdout.split('\n').filter((line) => /\[\d[\d,]*\]/.test(line))).toHaveLength(3)
})

test('says what is missing', async () => {
  expect(await profile()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('choose one with --strategy') as string })
  expect(await profile('--strategy', 'fine-tune', '--backend', 'cpu')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--backend native') as string })
})

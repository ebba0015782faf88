import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

let folder = ''
let plugin = ''

const recipe = (): string => `name: shades
backend: cpu
plugins: [${plugin}]
source:
  network: tiny-network
  options: { channels: 4 }
  pretrain: { dataset: shades/train, datasetOptions: { count: 8 }, test: shades/test, steps: 2, batchSize: 4 }
target:
  dataset: shades/train
  test: shades/test
  datasetOptions: { count: 10 }
training: { steps: 2, batchSize: 4 }
strategies: [fine-tune]
seeds: [1]
`

const run = (argv: readonly string[]): Promise<Captured> => runCaptured(argv, { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') } })

const withRecipe = async (from: string, to: string): Promise<Captured> => {
  expect(recipe()).toContain(from)
  await writeFile(join(folder, 'changed.yaml'), recipe().replace(from, to))
  return run(['compare', 'changed.yaml', '--out', 'changed'])
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-plugin-'))
  plugin = relative(folder, fileURLToPath(new URL('../plugin.fixture.ts', import.meta.url))).replaceAll('\\', '/')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('a recipe names the network and the data set of a plugin', async () => {
  await writeFile(join(folder, 'shades.yaml'), recipe())
  const { code, stderr } = await run(['compare', 'shades.yaml', '--out', 'run'])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const { rows } = JSON.parse(await readFile(join(folder, 'run', 'results.json'), 'utf8')) as { readonly rows: readonly object[] }
  expect(rows).toMatchObject([{ source: 'tiny-network (shades/train)', target: 'shades/train', examples: 10, testExamples: 10 }])
  expect(await readFile(join(folder, 'run', 'recipe.yaml'), 'utf8')).toContain('channels: 4')
  const again = await run(['pretrain', 'shades.yaml', '--out', 'source.safetensors'])
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Source tiny-network: trained before') as string })
  const kept = await run(['convert', 'source.safetensors', 'web', '--plugins', plugin, '--backend', 'cpu'])
  expect(kept).toMatchObject({ code: 0, stderr: '' })
})

describe('what is wrong is told in its place', () => {
  test.each([
    ['a network', 'network: tiny-network', 'network: tiny-netwrok', 'changed.yaml, line 5, column 12, source.network: There is no network "tiny-netwrok". Did you mean "tiny-network"?'],
    ['an option of a network', 'channels: 4', 'chanels: 4', "changed.yaml, line 6, column 14, source.options.chanels: Network 'tiny-network': there is no option 'chanels'. Did you mean 'channels'?"],
    ['a data set', 'dataset: shades/train, data', 'dataset: shade/train, data', 'source.pretrain.dataset: shade/train: there is no such data set. Did you mean shades?'],
    ['a split', 'test: shades/test, steps', 'test: shades/tests, steps', "source.pretrain.test: shades: has no split 'tests'. Did you mean 'shades/test'?"],
    ['an option of a data set', 'count: 10', 'coutn: 10', "target.dataset: Data set 'shades': there is no option 'coutn'. Did you mean 'count'?"],
    ['options for one that has none', 'dataset: shades/train\n  test: shades/test', 'dataset: uci-digits\n  test: uci-digits', 'target.dataset: uci-digits: takes no datasetOptions'],
    ['texts for a network of images', 'dataset: shades/train\n  test: shades/test\n  datasetOptions: { count: 10 }', 'dataset: words\n  test: words', 'target.dataset: words: is a set of texts'],
    ['images of a set without files', 'datasetOptions: { count: 10 }', 'images: { size: 6 }', 'target.dataset: shades/train: is a data set of a plugin, so images'],
    ['a backend', 'backend: cpu', 'backend: absnet', 'changed.yaml, line 2, column 10, backend: There is no backend "absnet". Did you mean "absent"?'],
    ['a backend that does not compute', 'backend: cpu', 'backend: absent', "The backend 'absent' was opened, but it is not the active one"],
  ])('%s', async (_, from, to, message) => {
    const { code, stdout, stderr } = await withRecipe(from, to)
    expect({ stdout, failed: code !== 0 }).toEqual({ stdout: '', failed: true })
    expect(stderr).toContain(message)
  })
})

test('a backend of the command line that there is not is answered with what there is, before anything is written', async () => {
  expect(await run(['compare', 'shades.yaml', '--backend', 'gpu', '--out', 'never'])).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no backend "gpu". Did you mean "cpu"? The backends are absent, auto, cpu, native, wasm.') as string })
  await expect(stat(join(folder, 'never'))).rejects.toThrow('ENOENT')
})

test('datasets lists those of plugins, and shows one with its options', async () => {
  const { code, stdout } = await run(['datasets', '--plugins', plugin])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^shades +train, test +Dark and bright images\.$/m)
  expect((await run(['datasets', 'shades', '--plugins', plugin])).stdout).toMatch(/^count +integer > 0 +12 +Number of images\.$/m)
  expect((await run(['datasets', 'shades', '--plugins', plugin, '--download'])).code).toBe(2)
})

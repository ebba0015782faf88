import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandIo } from '../console/command-io.js'
import { writeImages } from '../images.fixture.js'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

const recipe = `name: bars
backend: cpu
source:
  network: digit-network
  pretrain: { dataset: ./source, test: ./source, steps: 4, batchSize: 6 }
target:
  dataset: ./target
  examplesPerClass: 2
training: { steps: 6, batchSize: 4, learningRate: 0.02 }
strategies:
  - feature-extraction
  - fine-tune
  - strategy: ptu
    options: { transferGateBias: -2 }
seeds: [1, 2]
`

let folder = ''

const run = (argv: readonly string[], io: Partial<CommandIo> = {}): Promise<Captured> => runCaptured(argv, { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') }, ...io })

/** A signal that fires when it is looked at once more than so many times: training looks before each step. */
const signalAfter = (looks: number): AbortSignal => {
  const controller = new AbortController()
  let left = looks
  const hasFired = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get!.bind(controller.signal) as () => boolean
  return Object.defineProperty(controller.signal, 'aborted', {
    get: () => {
      if (left-- === 0) controller.abort()
      return hasFired()
    },
  })
}

interface Row {
  readonly name: string
  readonly seed: number
  readonly accuracy: number
}

const rowsOf = async (out: string): Promise<readonly Row[]> => {
  // Written by the command under test; a wrong shape fails the comparison.
  const { rows } = JSON.parse(await readFile(join(folder, out, 'results.json'), 'utf8')) as { readonly rows: readonly (Row & { readonly seconds: number })[] }
  return rows.map(({ seconds: _, ...row }) => row)
}

const losses = async (out: string, strategy: string, seed: number): Promise<readonly unknown[]> =>
  (await readFile(join(folder, out, 'strategies', strategy, `seed-${seed}`, 'metrics.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"step-end"'))
    .map((line) => {
      const { step, loss } = JSON.parse(line) as { readonly step: number; readonly loss: number }
      return { step, loss }
    })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-cli-'))
  await writeImages(join(folder, 'source'), 4, 1)
  await writeImages(join(folder, 'target'), 5, 2)
  await writeFile(join(folder, 'bars.yaml'), recipe)
  const { code, stderr } = await run(['compare', 'bars.yaml', '--out', 'straight'])
  expect(stderr).toContain('Report: ')
  expect(stderr).toMatch(/feature-extraction, seed 1: features of 6 examples computed once in [\d.]+ s/)
  expect(code).toBe(0)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('compare', () => {
  test('writes results, recipe, environment, report and an artefact for each strategy and seed', async () => {
    const rows = await rowsOf('straight')
    expect(rows.map(({ name, seed }) => `${name} ${seed}`)).toEqual(['feature-extraction 1', 'feature-extraction 2', 'fine-tune 1', 'fine-tune 2', 'ptu 1', 'ptu 2'])
    expect(rows[0]).toMatchObject({ target: './target', strategy: 'feature-extraction', examples: 6, testExamples: 9 })
    expect(await readFile(join(folder, 'straight', 'recipe.yaml'), 'utf8')).toContain('transferGateBias: -2')
    expect(JSON.parse(await readFile(join(folder, 'straight', 'environment.json'), 'utf8'))).toMatchObject({ node: process.version })
    expect(await readFile(join(folder, 'straight', 'strategies', 'ptu', 'seed-2', 'artefact', 'transfer_config.json'), 'utf8')).toContain('"ptu"')
    const report = await readFile(join(folder, 'straight', 'report.html'), 'utf8')
    expect(report).toContain('How far the gates are open')
    expect(report).not.toMatch(/<script|<link|src="http/)
  })

  test('runs again from what is finished: nothing is trained twice', async () => {
    await cp(join(folder, 'straight'), join(folder, 'again'), { recursive: true })
    const { code, stdout, stderr } = await run(['compare', 'bars.yaml', '--out', 'again', '--json'])
    expect(code).toBe(0)
    expect(stderr.match(/finished before/g)).toHaveLength(6)
    expect(stderr).toContain('trained before')
    expect((JSON.parse(stdout) as { readonly rows: readonly unknown[] }).rows).toHaveLength(6)
  })

  test('trains again what a changed recipe changes, and nothing else', async () => {
    await cp(join(folder, 'straight'), join(folder, 'changed'), { recursive: true })
    await writeFile(join(folder, 'changed.yaml'), recipe.replace('  - fine-tune', '  - { strategy: fine-tune, learningRate: 0.01 }'))
    const { stderr } = await run(['compare', 'changed.yaml', '--out', 'changed', '--seeds', '1'])
    expect(stderr.match(/finished before/g)).toHaveLength(2)
    expect(stderr).toContain('fine-tune, seed 1 ...')
  })

  test('goes on after an interruption to the numbers of a run that was not interrupted', async () => {
    const environment = { TRANSFERKIT_CACHE: join(folder, 'interrupted-cache') }
    // While the source is trained, and within three different trainings after it.
    for (const looks of [3, 4, 6, 9, 14]) {
      const { code, stderr } = await run(['compare', 'bars.yaml', '--out', 'interrupted'], { signal: signalAfter(looks), environment })
      expect({ looks, code }).toEqual({ looks, code: 130 })
      expect(stderr).toContain('the same command goes on from there')
    }
    const { code } = await run(['compare', 'bars.yaml', '--out', 'interrupted', '--resume'], { environment })
    expect(code).toBe(0)
    expect(await rowsOf('interrupted')).toEqual(await rowsOf('straight'))
    for (const strategy of ['fine-tune', 'ptu']) expect(await losses('interrupted', strategy, 1)).toEqual(await losses('straight', strategy, 1))
  })

  test('features of the frozen source are taken from the disk by another run, and --no-feature-cache gives the same numbers without', async () => {
    const once = await run(['run', 'bars.yaml', '--strategy', 'feature-extraction', '--out', 'cached', '--json'])
    expect(once.stderr).toContain('features of 6 examples taken from the disk')
    const never = await run(['run', 'bars.yaml', '--strategy', 'feature-extraction', '--out', 'uncached', '--no-feature-cache', '--json'])
    expect(never.code).toBe(0)
    expect(never.stderr).not.toContain('features of')
    for (const out of ['cached', 'uncached']) expect(await rowsOf(out)).toEqual((await rowsOf('straight')).slice(0, 1))
  })

  test('--resume without a run to go on with is an error', async () => {
    expect(await run(['compare', 'bars.yaml', '--out', 'nowhere', '--resume'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('There is no run to go on with') as string })
  })

  test('a run folder that another process uses is left alone', async () => {
    await cp(join(folder, 'straight'), join(folder, 'locked'), { recursive: true })
    await writeFile(join(folder, 'locked', '.lock'), JSON.stringify({ process: process.pid, host: hostname(), since: '2026-01-01T00:00:00.000Z' }))
    const { code, stdout, stderr } = await run(['compare', 'bars.yaml', '--out', 'locked'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`is in use by process ${process.pid}`)
  })
})

test('a loss that is not finite stops the run with strategy, seed and step, and keeps what was finished', async () => {
  await writeFile(join(folder, 'diverging.yaml'), recipe.replace('  - fine-tune', '  - { strategy: fine-tune, learningRate: 1.0e+20 }'))
  const { code, stdout, stderr } = await run(['compare', 'diverging.yaml', '--out', 'diverging'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^Error: fine-tune, seed 1: The loss is (NaN|Infinity) at step \d/m)
  expect((await rowsOf('diverging')).map(({ name }) => name)).toEqual(['feature-extraction'])
})

describe('what is wrong with a recipe', () => {
  const failing = async (from: string, to: string): Promise<Captured> => {
    expect(recipe).toContain(from)
    await writeFile(join(folder, 'wrong.yaml'), recipe.replace(from, to))
    return run(['compare', 'wrong.yaml', '--out', 'wrong', '--seeds', '1'])
  }

  test.each([
    ['an unknown strategy', '  - fine-tune', '  - finetune', 2],
    ['an unknown option', 'transferGateBias', 'transferGateBiass', 2],
    ['a wrong value of an option', 'transferGateBias: -2', 'candidate: lihgt', 2],
    ['an unknown regulariser', '  - fine-tune', '  - { strategy: fine-tune, regularisers: [l2sp] }', 2],
    ['a regulariser in place of a strategy', '  - fine-tune', '  - l2-sp-penalty', 2],
    ['an unknown network', 'network: digit-network', 'network: digits-network', 2],
    ['a plugin that is not installed', 'backend: cpu', 'backend: cpu\nplugins: [no-such-plugin]', 2],
    ['an unknown data set', 'dataset: ./target', 'dataset: uci-digit', 2],
    ['a folder that is not there', 'dataset: ./target', 'dataset: ./targets', 2],
    ['more examples than there are', 'examplesPerClass: 2', 'examplesPerClass: 5', 2],
    ['a transform that does not fit', 'examplesPerClass: 2', 'examplesPerClass: 2\n  transforms: [{ centreCrop: 9 }]', 2],
  ])('%s ends with the right code and one clear message', async (_, from, to, expected) => {
    const { code, stdout, stderr } = await failing(from, to)
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
    expect((stderr.split('\n').filter((line) => !line.endsWith('...') && !line.startsWith('cpu:') && !line.startsWith('Source ')).join('\n')).replaceAll(folder, 'FOLDER')).toMatchSnapshot()
  })

  // Another number of steps, so that no source of this name is in the cache.
  const other = recipe.replace('steps: 4', 'steps: 5')
  const lenetOf28 = other.replace('network: digit-network\n  pretrain: {', 'network: lenet\n  pretrain: { transforms: [{ resize: 28 }],')

  test.each([
    ['images too small for the source', other.replace('digit-network', 'lenet'), 'line 5, column 24, source.pretrain.dataset: ./source gives images of [8, 8, 1], a size that the network lenet cannot take: '],
    ['images of a target too small for it', lenetOf28, 'line 7, column 12, target.dataset: ./target gives images of [8, 8, 1], which feature-extraction cannot take with the network lenet, made for [28, 28, 1]: '],
    ['images of a target too large for it', lenetOf28.replace('target:', 'target:\n  transforms: [{ resize: 32 }]'), 'line 7, column 15, target.transforms: ./target gives images of [32, 32, 1], '],
    ['images with other channels', other.replace('target:', 'target:\n  transforms: [{ greyToRgb: true }]'), 'target.transforms: ./target gives images of [8, 8, 3], but the network digit-network takes [8, 8, 1]'],
    ['a stage that there is not', other.replace('  - fine-tune', '  - { strategy: partial, options: { stages: { nowhere: frozen } } }'), "'nowhere'"],
  ])('%s are found before the source is trained', async (_, text, message) => {
    await writeFile(join(folder, 'wrong.yaml'), text)
    const { code, stdout, stderr } = await run(['compare', 'wrong.yaml', '--out', 'wrong', '--seeds', '1'])
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) as string })
    expect(stderr).not.toMatch(/Train the source|trained before/)
  })

  test('a strategy that does not run the source may have images of another size', async () => {
    const text = lenetOf28.replace(/strategies:[^]*seeds/, 'strategies: [{ strategy: fresh-network, options: { target: digit-network } }]\nseeds')
    await writeFile(join(folder, 'fresh.yaml'), text)
    expect(await run(['compare', 'fresh.yaml', '--out', 'fresh', '--seeds', '1'])).toMatchObject({ code: 0 })
  })
})

describe('other commands on the run folder', () => {
  test('report writes the page again and prints the table', async () => {
    await rm(join(folder, 'straight', 'report.html'))
    const { code, stdout } = await run(['report', 'straight'])
    expect(code).toBe(0)
    expect(stdout).toContain('best uniform discrete')
    expect(await readFile(join(folder, 'straight', 'report.html'), 'utf8')).toContain('</html>')
  })

  test('report says when there is no run', async () => {
    expect(await run(['report', 'cache'])).toMatchObject({ code: 3, stdout: '' })
  })

  test('predict classifies image files, as a table and as JSON lines', async () => {
    const artefact = join('straight', 'strategies', 'fine-tune', 'seed-1', 'artefact')
    const images = ['target/across/0.png', 'target/down/1.png']
    const table = await run(['predict', artefact, ...images, '--backend', 'cpu'])
    expect(table).toMatchObject({ code: 0, stderr: '' })
    expect(table.stdout).toContain('target/down/1.png')
    const { stdout } = await run(['predict', artefact, ...images, '--backend', 'cpu', '--json', '--top', '1'])
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { readonly file: string; readonly label: string; readonly top: readonly unknown[] })
    expect(lines.map(({ file }) => file)).toEqual(images)
    for (const { label, top } of lines) {
      expect(['across', 'down', 'slanted']).toContain(label)
      expect(top).toHaveLength(1)
    }
  })

  test('predict says which image cannot be read', async () => {
    const artefact = join('straight', 'strategies', 'fine-tune', 'seed-1', 'artefact')
    expect(await run(['predict', artefact, 'bars.yaml', '--backend', 'cpu'])).toMatchObject({ code: 3, stderr: expect.stringContaining('bars.yaml: the image cannot be decoded') as string })
    expect(await run(['predict', artefact, 'nothing.png', '--backend', 'cpu'])).toMatchObject({ code: 3, stderr: expect.stringContaining('nothing.png: cannot be read') as string })
  })

  test.each([
    ['straight', 'holds no transferred model. Give the folder of a transferred model, such as'],
    ['bars.yaml', 'is a file.'],
    ['nowhere', 'there is no such folder.'],
    ['straight/strategies/ptu', 'has several trainings, seed-1, seed-2. Name one of them, such as'],
  ])('predict says what is wrong with %s in place of a model', async (path, reason) => {
    const { code, stderr } = await run(['predict', path, 'nothing.png', '--backend', 'cpu'])
    expect({ failed: code !== 0, stderr }).toEqual({ failed: true, stderr: expect.stringContaining(`${path}: ${reason}`) as string })
  })

  test('run trains one strategy with one seed', async () => {
    const { code, stdout } = await run(['run', 'bars.yaml', '--strategy', 'fine-tune', '--out', 'one', '--json'])
    expect(code).toBe(0)
    const { artefact, seconds: _, report: __, ...row } = JSON.parse(stdout) as Row & { readonly artefact: string; readonly seconds: number; readonly report: string }
    expect(artefact).toContain(join('one', 'strategies', 'fine-tune', 'seed-1'))
    expect(row).toEqual((await rowsOf('straight')).find(({ name, seed }) => name === 'fine-tune' && seed === 1))
    expect(await run(['run', 'bars.yaml', '--out', 'one'])).toMatchObject({ code: 2, stderr: expect.stringContaining('choose one with --strategy: feature-extraction, fine-tune, ptu') as string })
  })

  test('pretrain takes the source from the cache and writes it to a file that another recipe reads', async () => {
    const { code, stdout, stderr } = await run(['pretrain', 'bars.yaml', '--out', 'weights/bars.safetensors'])
    expect(code).toBe(0)
    expect(stderr).toContain('trained before')
    expect(stdout).toContain('is in ')
    await writeFile(join(folder, 'weights.yaml'), recipe.replace(/ {2}pretrain: .*/, '  weights: weights/bars.safetensors').replace(/ {2}- strategy: ptu\n.*\n/, ''))
    const compared = await run(['compare', 'weights.yaml', '--seeds', '1', '--out', 'from-weights'])
    expect(compared.code).toBe(0)
    expect((await rowsOf('from-weights')).map(({ accuracy }) => accuracy)).toEqual((await rowsOf('straight')).filter(({ name, seed }) => seed === 1 && name !== 'ptu').map(({ accuracy }) => accuracy))
  })
})

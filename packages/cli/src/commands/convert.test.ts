import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRuntime } from '@transferkit/runtime/node'
import { randomKey, scope } from '@transferkit/tensor'
import { readSafetensors, writeSafetensors } from '@transferkit/training'
import { exportPytorch, lenet } from '@transferkit/vision'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeImages } from '../images.fixture.js'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

let folder = ''

const run = (...argv: readonly string[]): Promise<Captured> => runCaptured([...argv, '--backend', 'cpu'], { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') } })

const recipeFrom = (source: string, transforms = '[]'): string => `source: ${source}
target: { dataset: ./images, examplesPerClass: 2, transforms: ${transforms} }
training: { steps: 2, batchSize: 3, learningRate: 0.01 }
strategies: [fine-tune, parallel-adapters]
seeds: [1]
`

const normalisation = ['--mean', '0.5', '--std', '0.5']

interface Report {
  readonly network: string
  readonly classes: number
  readonly largestDifference: number
  readonly foldedBatchNorms?: number
  readonly tensors?: { readonly matched: number; readonly missing: readonly string[] }
}

const reportOf = ({ code, stdout, stderr }: Captured): Report => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Report
}

const tensorsOf = async (file: string): Promise<unknown> =>
  readSafetensors(await readFile(join(folder, file))).entries.map(({ name, shape, data }) => ({ name, shape, data: Buffer.from(data).toString('hex') })).sort((a, b) => a.name.localeCompare(b.name))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-convert-'))
  const runtime = await openRuntime({ backend: 'cpu' })
  const network = lenet({ classes: 7 })
  const file = scope(() => ({ bytes: writeSafetensors(exportPytorch(network, network.init(randomKey(1), [1, ...network.inputShape]))) }))
  await writeFile(join(folder, 'lenet.safetensors'), file.bytes)
  runtime.close()
  await writeImages(join(folder, 'images'), 4, 1)
  await writeFile(join(folder, 'digits.yaml'), recipeFrom('{ network: digit-network, pretrain: { dataset: ./images, steps: 2, batchSize: 3 } }'))
  expect(await run('pretrain', 'digits.yaml', '--out', 'digits.safetensors')).toMatchObject({ code: 0 })
  reportOf(await run('convert', 'digits.safetensors', 'web', '--json'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('convert', () => {
  test('PyTorch to ours and back gives the same tensors', async () => {
    const report = reportOf(await run('convert', 'lenet.safetensors', 'ours.safetensors', ...normalisation, '--json'))
    expect(report).toMatchObject({ network: 'lenet', classes: 7, largestDifference: 0, tensors: { matched: 10, missing: [], unexpected: [], misshapen: [] } })
    reportOf(await run('convert', 'ours.safetensors', 'back.safetensors', '--json'))
    expect(await tensorsOf('back.safetensors')).toEqual(await tensorsOf('lenet.safetensors'))
  })

  test('to TensorFlow.js and from there to ours, with batch norms folded', async () => {
    expect(await readdir(join(folder, 'web'))).toContain('model.json')
    expect(reportOf(await run('convert', 'digits.safetensors', 'folded-web', '--fold', '--json'))).toMatchObject({ network: 'digit-network', classes: 3, foldedBatchNorms: 3, keptBatchNorms: [] })
    expect(reportOf(await run('convert', 'folded-web/model.json', 'from-web.safetensors', ...normalisation, '--json'))).toMatchObject({ network: 'folded-web', classes: 3, largestDifference: 0 })
  })

  test('never replaces a file without --force', async () => {
    await writeFile(join(folder, 'mine.safetensors'), 'precious')
    const refused = await run('convert', 'lenet.safetensors', 'mine.safetensors', ...normalisation)
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is there already. Choose another name, or replace it with --force.') as string })
    expect(await readFile(join(folder, 'mine.safetensors'), 'utf8')).toBe('precious')
    const { code, stdout } = await run('convert', 'lenet.safetensors', 'mine.safetensors', ...normalisation, '--force')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^tensors +10 matched, 0 missing, 0 unexpected, 0 of another shape$/m)
  })

  test.each([
    [['nowhere.safetensors', 'out'], 3, 'there is no such file or folder'],
    [['lenet.safetensors', 'out.safetensors'], 2, 'Give the mean and standard deviation of each channel'],
    [['lenet.safetensors', 'out.safetensors', '--mean', '0.5'], 2, 'Give --mean and --std together'],
    [['lenet.safetensors', 'out.txt'], 2, 'its name does not tell what to write'],
    [['lenet.safetensors', 'out', '--network', 'vgg'], 2, 'Did you mean "vgg9"?'],
    [['lenet.safetensors', 'out', '--network', 'vgg9'], 3, "They are the tensors of 'lenet'"],
    [['lenet.safetensors', 'out', '--from', 'tfjs'], 3, 'is not JSON'],
    [['cut.safetensors', 'out'], 3, 'cut.safetensors'],
    [['digits.safetensors', 'out.safetensors', '--to', 'pytorch'], 3, 'Write it for TensorFlow.js or Transferkit instead (--to).'],
    [['cut-web', 'out'], 3, join('cut-web', 'model.json: The weights in weights.bin need ')],
    [['model.pth', 'out'], 2, 'safetensors.torch.save_file'],
    [['empty', 'out'], 2, 'this folder holds neither transfer_config.json nor model.json'],
  ])('%j is refused with the reason, and nothing is written', async (argv, code, reason) => {
    await writeFile(join(folder, 'cut.safetensors'), (await readFile(join(folder, 'lenet.safetensors'))).subarray(0, 1000))
    await cp(join(folder, 'web'), join(folder, 'cut-web'), { recursive: true })
    await truncate(join(folder, 'cut-web', 'weights.bin'), 100)
    await writeFile(join(folder, 'model.pth'), 'pickle')
    await mkdir(join(folder, 'empty'), { recursive: true })
    expect(await run('convert', ...argv)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(reason) as string })
    expect(await readdir(folder)).not.toContain('out')
    expect(await readdir(folder)).not.toContain('out.safetensors')
  })
})

describe('networks of others in a recipe', () => {
  const normalise = 'normalise: { mean: [0.5], standardDeviation: [0.5] }'

  const compared = async (name: string, source: string, transforms?: string): Promise<void> => {
    await writeFile(join(folder, `${name}.yaml`), recipeFrom(source, transforms))
    const { code, stderr } = await run('compare', `${name}.yaml`, '--out', name)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  }

  const failing = async (source: string): Promise<string> => {
    await writeFile(join(folder, 'failing.yaml'), recipeFrom(source))
    const { code, stderr } = await run('compare', 'failing.yaml', '--out', 'failing')
    expect(code).toBe(2)
    return stderr
  }

  test('a PyTorch file tells its number of classes, and a run of it folds into each format', async () => {
    await compared('torch', `{ network: lenet, weights: lenet.safetensors, ${normalise} }`, '[{ resize: 28 }]')
    for (const [strategy, ...to] of [
      ['torch/strategies/fine-tune', 'tuned.safetensors'],
      ['torch/strategies/parallel-adapters/seed-1', 'adapted.safetensors', '--to', 'pytorch', '--fold'],
    ] as const) {
      expect(reportOf(await run('convert', strategy, ...to, '--json'))).toMatchObject({ network: 'lenet', classes: 3 })
    }
    for (const [file, message] of [['transfer.safetensors', 'Was it cut off?'], ['transfer_config.json', 'is damaged']] as const) {
      const artefact = join('torch', 'strategies', 'fine-tune', 'seed-1', 'artefact')
      const damaged = join('torch', `without-${file}`)
      await cp(join(folder, artefact), join(folder, damaged), { recursive: true })
      await truncate(join(folder, damaged, file), 200)
      for (const argv of [['convert', damaged, 'out'], ['predict', damaged, 'images/down/1.png']]) {
        const { code, stderr } = await run(...argv)
        expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(new RegExp(`torch.without-${file}: ${file}.*`)) as string })
        expect(stderr).toContain(message)
      }
    }
    // What was folded is a source again, and says itself how its images are normalised.
    await compared('again', '{ network: lenet, weights: tuned.safetensors }', '[{ resize: 28 }]')
  })

  test('a TensorFlow.js model is all in the run folder, and a run of it folds into each format', async () => {
    await cp(join(folder, 'web'), join(folder, 'moved'), { recursive: true })
    await compared('tfjs', `{ model: moved/model.json, ${normalise} }`)
    await rm(join(folder, 'moved'), { recursive: true })
    const artefact = join('tfjs', 'strategies', 'parallel-adapters', 'seed-1', 'artefact')
    expect(await run('predict', artefact, 'images/down/1.png')).toMatchObject({ code: 0, stderr: '' })
    for (const to of ['adapted-ours.safetensors', 'adapted-web']) expect(reportOf(await run('convert', 'tfjs/strategies/parallel-adapters', to, '--fold', '--json'))).toMatchObject({ classes: 3, foldedBatchNorms: 3 })
    expect(reportOf(await run('convert', 'adapted-ours.safetensors', 'adapted-again', '--to', 'tfjs', '--json'))).toMatchObject({ classes: 3 })
  })

  test('a converted model takes images of the size that it was trained on, whatever the source took', async () => {
    await compared('larger', '{ network: digit-network, weights: digits.safetensors }', '[{ resize: 12 }]')
    for (const options of [[], ['--fold']]) {
      reportOf(await run('convert', 'larger/strategies/parallel-adapters', 'larger-web', '--json', '--force', ...options))
      expect(await readFile(join(folder, 'larger-web', 'model.json'), 'utf8')).toContain('"batch_input_shape":[null,12,12,1]')
    }
    reportOf(await run('convert', 'larger/strategies/parallel-adapters', 'larger.safetensors', '--fold', '--json'))
    reportOf(await run('convert', 'larger.safetensors', 'larger-again', '--json'))
    expect(await readFile(join(folder, 'larger-again', 'model.json'), 'utf8')).toContain('"batch_input_shape":[null,12,12,1]')
  })

  test('parts of a strategy that a format has no place for are told, and nothing is written', async () => {
    await writeFile(join(folder, 'gated.yaml'), recipeFrom(`{ network: lenet, weights: lenet.safetensors, ${normalise} }`, '[{ resize: 28 }]').replace(/strategies: .*/, 'strategies: [gtn, ptu]'))
    expect(await run('compare', 'gated.yaml', '--out', 'gated')).toMatchObject({ code: 0 })
    for (const [strategy, to] of [['gtn', 'tfjs'], ['gtn', 'pytorch'], ['gtn', 'transferkit'], ['ptu', 'tfjs']] as const) {
      expect(await run('convert', join('gated', 'strategies', strategy), 'gated-out', '--to', to)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('so it only runs with Transferkit.') as string })
    }
    expect(await readdir(folder)).not.toContain('gated-out')
  })

  test('what a model does not say is asked for, and taps are layers of it', async () => {
    expect(await failing('{ model: web/model.json }')).toContain('a TensorFlow.js model does not say how its images are normalised')
    expect(await failing(`{ model: web/model.json, ${normalise}, taps: [nothing] }`)).toContain('failing.yaml, line 1')
    expect(await failing('{ network: lenet, weights: lenet.safetensors }')).toContain('says nothing of its network, so normalise')
    expect(await failing('{ network: lenet, model: web/model.json }')).toContain('there is no network to name')
    expect(await failing('{ network: lenet, weights: lenet.safetensors, taps: [stage1] }')).toContain('taps choose among the layers of a TensorFlow.js model')
  })
})

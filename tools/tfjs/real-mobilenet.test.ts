import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readTar } from '@transferkit/datasets'
import { decodeImage } from '@transferkit/datasets/node'
import { openRuntime } from '@transferkit/runtime/node'
import { argMax, foldIn, inference, normalArray, randomKey, readSync, release, scope, type Strategy, tensor, type TrainedNetwork, trainingMode } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { featureExtraction, floatsOf, readSafetensors } from '@transferkit/training'
import { convolutionsOf, exportLayersModel, foldBatchNorms, importTfjsModel, parallelAdapters, ptu, seriesAdapters, tfjsWeightPaths } from '@transferkit/vision'
import { beforeAll, describe, expect, test } from 'vitest'

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const dataDir = process.env['TRANSFERKIT_DATA_DIR'] ?? (existsSync(beside) ? beside : undefined)
const reason = dataDir === undefined ? ' (skipped: set TRANSFERKIT_DATA_DIR to the folder with the trained networks)' : ''

const side = 224
const normalised = (bytes: ArrayLike<number>): Float32Array => Float32Array.from(bytes, (value) => value / 127.5 - 1)

describe.skipIf(dataDir === undefined)(`the real MobileNet v1 0.25${reason}`, () => {
  const folder = join(dataDir ?? '', 'models', 'mobilenet_v1_0.25_224')
  const read = (taps?: readonly string[]): TrainedNetwork => {
    const modelJson = readFileSync(join(folder, 'model.json'), 'utf8')
    return importTfjsModel({ modelJson, weights: tfjsWeightPaths(modelJson).map((path) => readFileSync(join(folder, path))), name: 'mobilenet', ...(taps === undefined ? {} : { taps }) })
  }

  beforeAll(async () => {
    const runtime = await openRuntime()
    return () => runtime.close()
  })

  test('gives the reference logits, with its batch norms and without, and written and read again', () => {
    scope(() => {
      const trained = read()
      const { network } = trained
      expect(network.classes).toBe(1000)
      expect(network.stages.map(({ name }) => name).slice(0, 4)).toEqual(['conv1', 'conv1_bn', 'conv1_relu', 'conv_dw_1'])
      expect(network.stages.at(-1)?.name).toBe('dropout')
      const reference = new Map(readSafetensors(readFileSync(join(folder, 'reference.safetensors')), 'reference').entries.map((entry) => [entry.name, floatsOf(entry)]))
      const [images, logits] = [reference.get('input_uint8_nhwc'), reference.get('logits')]
      const x = tensor(normalised(images ?? []), [8, side, side, 3])
      const folded = foldBatchNorms(trained)
      expect(folded.folded).toHaveLength(27)
      const { modelJson, weights } = exportLayersModel(folded)
      for (const model of [trained, folded, importTfjsModel({ modelJson, weights })]) {
        expectClose(model.network.apply(model.variables, x, inference).output, logits ?? [], { absolute: 1e-3, relative: 0 })
      }
      return {}
    })
  }, 120_000)

  test('classifies 58.8 % of the ImageNet samples', async () => {
    const samples = join(dataDir ?? '', 'imagenet_samples')
    const identifiers = readFileSync(join(samples, 'classes.txt'), 'utf8').trim().split('\n').map((line) => line.split('\t')[0])
    const { network, variables } = read()
    const images: { readonly label: number; readonly pixels: Float32Array }[] = []
    for await (const { path, bytes } of readTar(readFileSync(join(samples, 'samples.tar')))) {
      if (path.endsWith('.jpg')) images.push({ label: identifiers.indexOf(path.split('/')[0] ?? ''), pixels: normalised((await decodeImage(bytes, path)).pixels) })
    }
    expect(images).toHaveLength(250)
    let right = 0
    for (let first = 0; first < images.length; first += 25) {
      const batch = images.slice(first, first + 25)
      const pixels = new Float32Array(batch.length * side * side * 3)
      batch.forEach((image, index) => pixels.set(image.pixels, index * side * side * 3))
      const best = scope(() => readSync(argMax(network.apply(variables, tensor(pixels, [batch.length, side, side, 3]), inference).output)))
      right += batch.filter(({ label }, index) => best[index] === label).length
    }
    release({ ...variables })
    expect(right / images.length).toBeCloseTo(0.588, 6)
  }, 180_000)

  const taps = ['conv_pw_3_relu', 'conv_pw_5_relu', 'conv_pw_11_relu', 'conv_pw_13_relu']
  const strategies: readonly (readonly [string, Strategy])[] = [
    ['feature extraction', featureExtraction()],
    ['PTU', ptu({ unitsAfter: taps.slice(1) })],
    ['parallel adapters', parallelAdapters()],
    ['series adapters', seriesAdapters()],
  ]

  test.each(strategies)('is the source of %s', (_name, strategy) => {
    scope(() => {
      const source = read(taps)
      const inputShape = [64, 64, 3]
      const program = strategy.prepare({ source, task: { kind: 'classification', classes: ['a', 'b', 'c'] }, inputShape })
      const variables = program.init(randomKey(1))
      const x = tensor(normalArray(foldIn(randomKey(1), 'images'), 2 * 64 * 64 * 3), [2, ...inputShape])
      expect(program.forward(variables, x, inference).logits.shape).toEqual([2, 3])
      expect(program.forward(variables, x, trainingMode(randomKey(2))).logits.shape).toEqual([2, 3])
      if (program.fold !== undefined) {
        const plain = foldBatchNorms(program.fold(variables))
        expect(plain.kept).toEqual([])
        expectClose(plain.network.apply(plain.variables, x, inference).output, readSync(program.forward(variables, x, inference).logits), { absolute: 1e-3, relative: 1e-3 })
      }
      return {}
    })
  }, 60_000)

  test('has its 27 convolutions as places for adapters', () => {
    scope(() => {
      const { network, variables } = read()
      expect(convolutionsOf(network)).toHaveLength(27)
      expect(convolutionsOf(network)[1]).toMatchObject({ path: 'conv_dw_1', description: { kind: 'depthwise-convolution', padding: 1 } })
      release({ ...variables })
      return {}
    })
  })
})

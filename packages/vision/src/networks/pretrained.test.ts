import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { argMax, type Axes, inference, type Network, readSync, scope, tensor, type Tensor } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { floatsOf, readSafetensors, type SafetensorsEntry } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { importPytorch } from '../pytorch/weights.js'
import { networks } from './networks.js'

const beside = fileURLToPath(new URL('../../../../../shared/data', import.meta.url))
const dataDir = process.env['TRANSFERKIT_DATA_DIR'] ?? (existsSync(beside) ? beside : undefined)
const reason = dataDir === undefined ? ' (skipped: set TRANSFERKIT_DATA_DIR to the folder with the trained networks)' : ''

/** Of the 16 images of each reference file, as many are computed here: the plain JavaScript backend is slow, and every image takes the same way. */
const examples = 2

const [averages, deviations] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
]

const normalised = (bytes: Float32Array): Float32Array => bytes.map((value, index) => (value / 255 - averages[index % 3]!) / deviations[index % 3]!)

describe.skipIf(dataDir === undefined)(`trained networks of the data folder${reason}`, () => {
  const read = (network: string, file: string): readonly SafetensorsEntry[] => readSafetensors(readFileSync(join(dataDir!, 'models', network, file)), `${network}/${file}`).entries

  test.each([
    ['cifar10_resnet20', 'cifar-resnet20', 10],
    ['cifar10_resnet32', 'cifar-resnet32', 10],
    ['tiny_imagenet_resnet32', 'tiny-imagenet-resnet32', 200],
  ])('%s gives the reference logits', (folder, name, classes) => {
    scope(() => {
      const network: Network = networks[name]!({ classes })
      const variables = importPytorch(network, read(folder, 'model.safetensors'))
      const reference = new Map(read(folder, 'reference.safetensors').map((entry) => [entry.name, floatsOf(entry)]))
      const images = normalised(reference.get('input_uint8_nhwc')!.slice(0, examples * 32 * 32 * 3))
      const logits: Tensor<Axes> = network.apply(variables, tensor(images, [examples, 32, 32, 3]), inference).output
      const expected = reference.get('logits')!.slice(0, examples * classes)
      expectClose(logits, expected, { absolute: 1e-3, relative: 0 })
      const best = Array.from({ length: examples }, (_, index) => expected.slice(index * classes, (index + 1) * classes)).map((row) => row.indexOf(Math.max(...row)))
      expect([...readSync(argMax(logits))]).toEqual(best)
    })
  })
})

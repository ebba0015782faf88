import { type Network, randomKey, scope } from '@transferkit/tensor'
import type { SafetensorsEntry } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { networks } from '../networks/networks.js'
import { official } from './official.fixture.js'
import { pytorchCodes, pytorchNames } from './names.js'
import { outlinePytorch } from './outline.js'
import { recognisePytorch } from './recognise.js'
import { exportPytorch } from './weights.js'

const entriesOf = (made: Network, code: ReturnType<typeof pytorchCodes>[number]): readonly SafetensorsEntry[] =>
  scope(() => exportPytorch(made, made.init(randomKey(1), [1, ...made.inputShape]), pytorchNames(made, code)))

/** Wide networks take long to start, those whose names a narrow one has too are left out. */
const quick = Object.entries(networks).filter(([name]) => !/^(resnet(18|34|50)|resnet26|mobilenet-v[12]$|mobilenet-v2-1.4|vgg9)/.test(name))

describe.each(quick)('%s', (name, make) => {
  test('is recognised by its tensors, whoever named them', () => {
    const inputShape = /^(lenet|digit)/.test(name) ? [28, 28, 1] : [8, 8, 3]
    for (const code of pytorchCodes(make({ classes: 1 }))) {
      const entries = entriesOf(make({ classes: 7, inputShape }), code)
      const guess = recognisePytorch(entries)
      expect(guess).toMatchObject({ architecture: name, classes: 7, exact: true, expected: entries.length, named: entries.length, similarity: 1 })
      expect(guess?.code).toBe(code)
    }
  })
})

test('a ResNet is recognised by its sizes, as far as layers tell them', () => {
  for (const name of ['resnet18', 'resnet34', 'resnet50', 'resnet18-small', 'resnet50-small', 'resnet26', 'vgg9', 'mobilenet-v2-1.4']) {
    const made = networks[name]!({ classes: 7 })
    // Nothing is read but names and shapes, and a size that no layer tells may be any.
    const entries = outlinePytorch(made, pytorchNames(made)).map((tensor): SafetensorsEntry => ({ name: tensor.name, shape: tensor.shape.map((size) => size ?? 1), dtype: 'F32', data: new Uint8Array() }))
    expect(recognisePytorch(entries)).toMatchObject({ architecture: name, classes: 7, exact: true })
  }
})

test('a network of other widths is recognised by its names alone', () => {
  const guess = recognisePytorch(official('resnet18-w8').state)
  expect(guess).toMatchObject({ exact: false, classes: 6, expected: 102, named: 102 })
  expect(guess!.architecture).toContain('resnet18')
  expect(guess!.similarity).toBeLessThan(0.1)
})

test('tensors of nothing that is known are not', () => {
  expect(recognisePytorch([])).toBeUndefined()
})

import { countElements, foldIn, inference, mapTree, multiply, randomKey, randomNormal, readSync, release, scope, type Shape, tensor, type Tensor, trainingMode } from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { expect, test } from 'vitest'
import { featureGate } from './feature-gate.js'
import { meanOverPositions } from './positions.js'

const key = randomKey(9)

const random = (name: string, shape: Shape, size = 1): Tensor => randomNormal(foldIn(key, name), shape, 0, size)

test('computes its definition', () => {
  scope(() => {
    const gate = featureGate({ channels: 2, hiddenUnits: 1 })
    const variables = { params: { reduce: { weight: tensor([1, -1], [2, 1]) }, expand: { weight: tensor([2, -2], [1, 2]) } }, state: {} }
    const { output, taps } = gate.apply(variables, tensor([3, 1, 1, 3], [2, 2]), inference)
    // relu([2, -2]) = [2, 0]; σ of [4, -4] and of [0, 0].
    const opening = [1 / (1 + Math.exp(-4)), 1 / (1 + Math.exp(4)), 0.5, 0.5]
    expectClose(taps['opening']!, opening)
    expectClose(output, [3, 1, 1, 3].map((value, index) => value * opening[index]!))
  })
})

test('multiplies every position of images by the opening for their mean', () => {
  scope(() => {
    const gate = featureGate({ channels: 4, hiddenUnits: 3 })
    const variables = gate.init(key, [1, 5, 5, 4])
    const images = random('images', [2, 5, 5, 4])
    const { output, taps } = gate.apply(variables, images, inference)
    expect(taps['opening']!.shape).toEqual([2, 4])
    expectClose(meanOverPositions(output), gate.apply(variables, meanOverPositions(images), inference).output, { absolute: 1e-6 })
  })
})

test('has two maps without bias', () => {
  const { params } = featureGate({ channels: 32, hiddenUnits: 2 }).init(key, [1, 32])
  expect(countElements(params)).toBe((2 * 32 * 32) / 16)
  release(params)
})

test('drops hidden units in training, and none with a rate of 0', () => {
  scope(() => {
    const feature = random('feature', [8, 6])
    const outputs = (dropout: number, training: boolean): Float32Array => {
      const gate = featureGate({ channels: 6, hiddenUnits: 16, dropout })
      return readSync(gate.apply(gate.init(key, [1, 6]), feature, training ? trainingMode(key) : inference).output)
    }
    expect(outputs(0.7, true)).not.toEqual(outputs(0.7, false))
    expect(outputs(0.7, false)).toEqual(outputs(0, false))
    expect(outputs(0, true)).toEqual(outputs(0, false))
  })
})

test('has exact gradients with respect to its weights and the feature', () => {
  scope(() => {
    const gate = featureGate({ channels: 4, hiddenUnits: 3 })
    const { params } = gate.init(key, [1, 4])
    const { reduce, expand } = mapTree(params, (leaf, path) => random(path, leaf.shape)) as unknown as { reduce: { weight: Tensor }; expand: { weight: Tensor } }
    const report = checkGradients({
      f: (feature, first, second) => gate.apply({ params: { reduce: { weight: first }, expand: { weight: second } }, state: {} }, feature, inference).output,
      inputs: [multiply(random('feature', [3, 2, 2, 4]), 2), reduce.weight, expand.weight],
    })
    for (const error of [...report.first!, ...report.second!]) expect(error).toBeLessThan(1e-2)
  })
})

test('does not fit sequences', () => {
  expect(() => featureGate({ channels: 4, hiddenUnits: 3 }).init(key, [1, 7, 4])).toThrow(/takes vectors \[batch, channel\] or images.*\[1,7,4\]/)
})

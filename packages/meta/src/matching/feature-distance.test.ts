import { fanInUniform, type Images, ones, randomKey, randomNormal, readSync, scope, tensor, type Tensor, zeros } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { channelWeights, initChannelWeights, weightedDistance } from './channel-weights.js'
import { featureDistance, featureMaps, resizedTo } from './feature-distance.js'
import { initProjection, project } from './projection.js'

describe('the distance of features', () => {
  test('is the mean of squared differences over positions, for each example and channel', () => {
    scope(() => {
      const source = tensor([1, 10, 2, 20, 3, 30, 4, 40], [1, 2, 2, 2])
      expectClose(featureDistance(source, zeros([1, 2, 2, 2])), [(1 + 4 + 9 + 16) / 4, (100 + 400 + 900 + 1600) / 4])
    })
  })

  test('is taken at the size of the target, with half-pixel centres', () => {
    scope(() => {
      const source = tensor(
        Array.from({ length: 16 }, (_, index) => index),
        [1, 4, 4, 1],
      )
      expectClose(resizedTo(source, zeros([1, 2, 2, 1])), [2.5, 4.5, 10.5, 12.5])
      expectClose(featureDistance(source, tensor([2.5, 4.5, 10.5, 12.5], [1, 2, 2, 1])), [0])
    })
  })

  test('maps of equal size are taken as they are', () => {
    scope(() => {
      const maps = ones([1, 2, 3, 4])
      expect(resizedTo(maps, zeros([1, 2, 3, 7]))).toBe(maps)
    })
  })

  test('needs equally many channels', () => {
    scope(() => {
      expect(() => featureDistance(ones([1, 2, 2, 3]), ones([1, 2, 2, 1]))).toThrow('The source has 3 channels and the projected target 1.')
    })
  })

  test('vectors are maps of one position, and nothing else is', () => {
    scope(() => {
      expect(featureMaps(ones([2, 5])).shape).toEqual([2, 1, 1, 5])
      expect(() => featureMaps(ones([2, 5, 3]))).toThrow('an activation has the shape [2,5,3]')
    })
  })
})

describe('a projection', () => {
  test('leads from the channels of the target to those of the source, position by position', () => {
    scope(() => {
      const params = { filter: tensor([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]), bias: tensor([0.5, 0, -0.5], [3]) }
      const maps = tensor([1, 0, 0, 1], [1, 1, 2, 2])
      expectClose(project(params, maps), [1.5, 2, 2.5, 4.5, 5, 5.5])
    })
  })

  test('starts uniform in ±1/√(target channels), weight and bias', () => {
    scope(() => {
      // Parameters of a layer with bias.
      const { filter, bias } = initProjection(randomKey(1), { target: 100, source: 400 }) as { readonly filter: Tensor; readonly bias: Tensor }
      expect(filter.shape).toEqual([1, 1, 100, 400])
      for (const values of [readSync(filter), readSync(bias)]) {
        const largest = Math.max(...values.map(Math.abs))
        expect(largest).toBeLessThanOrEqual(0.1)
        expect(largest).toBeGreaterThan(0.097)
      }
    })
  })
})

describe('channel weights', () => {
  test('begin equal, whatever the features', () => {
    scope(() => {
      const weights = channelWeights(initChannelWeights(4), randomNormal(randomKey(1), [3, 4]))
      expectClose(weights, new Float32Array(12).fill(0.25))
    })
  })

  test('are softmax(a W + b): not negative, and each row sums to 1', () => {
    scope(() => {
      const params = { weight: tensor([0, Math.log(3), 0, 0], [2, 2]), bias: tensor([0, 0], [2]) }
      expectClose(channelWeights(params, tensor([1, 5, 0, 5], [2, 2])), [0.25, 0.75, 0.5, 0.5])
      const random = channelWeights({ weight: fanInUniform(randomKey(2), [6, 6]), bias: randomNormal(randomKey(3), [6]) }, randomNormal(randomKey(1), [3, 6]))
      const rows = [...readSync(random)]
      expect(rows.every((weight) => weight >= 0)).toBe(true)
      for (const row of [0, 1, 2]) expect(rows.slice(6 * row, 6 * row + 6).reduce((total, weight) => total + weight, 0)).toBeCloseTo(1, 6)
    })
  })

  test('weigh the distance of every example', () => {
    scope(() => {
      expectClose(weightedDistance(tensor([1, 3, 2, 4], [2, 2]), tensor([0.5, 0.5, 1, 0], [2, 2])), [2, 2])
      expectClose(weightedDistance(tensor([1, 3, 2, 4], [2, 2]), tensor([0.25, 0.75], [1, 2])), [2.5, 3.5])
    })
  })

  test('the loss of features that are already the same is 0', () => {
    scope(() => {
      const target = randomNormal(randomKey(1), [2, 4, 4, 3]) as unknown as Images
      const params = initProjection(randomKey(2), { target: 3, source: 5 })
      expectClose(featureDistance(project(params, target), project(params, target)), new Float32Array(10))
    })
  })
})

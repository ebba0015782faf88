import { countElements, randomKey, scope, tapShapes } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { cifarResnet } from './cifar-resnet.js'
import { networks } from './networks.js'
import { vgg9 } from './vgg9.js'

const counts: Readonly<Record<string, number>> = {
  // 16-, 32- and 64-channel blocks as in He et al. (2015), table 6: 0.27, 0.46, 0.66 and 0.85 million.
  'cifar-resnet20': 269_722,
  'cifar-resnet32': 464_154,
  'cifar-resnet44': 658_586,
  'cifar-resnet56': 853_018,
  // The backbone of 466,272 that PyTorch counts, and a head of 650.
  'tiny-imagenet-resnet32': 466_922,
  // 5,806,944 in filters, 7,744 in batch norms, 2,570 in the head.
  resnet26: 5_817_258,
  lenet: 61_706,
  'digit-network': 16 * 9 + 32 * 16 * 9 + 64 * 32 * 9 + 2 * (16 + 32 + 64) + 65 * 10,
  vgg9: [3, 64, 128, 256, 256, 512, 512, 512, 512].reduce((total, width, index, widths) => (index === 0 ? 0 : total + 9 * width * (widths[index - 1] ?? 0) + 3 * width), 0) + 513 * 10,
}

describe.each(Object.entries(networks))('%s', (name, make) => {
  test('has the parameters of its definition', () => {
    scope(() => {
      // Convolutions do not know the size of the maps, so small ones count as well; LeNet's first layer behind them does.
      const inputShape = name === 'lenet' ? [28, 28, 1] : name === 'digit-network' ? [4, 4, 1] : name === 'vgg9' ? [32, 32, 3] : [8, 8, 3]
      const network = make({ classes: 10, inputShape })
      expect(network.name).toBe(name)
      expect(countElements(network.init(randomKey(1), [1, ...inputShape]).params)).toBe(counts[name])
    })
  })
})

test.each([
  ['cifar-resnet20', [8, 8, 3], { stem: [8, 8, 16], stage1: [8, 8, 16], stage2: [4, 4, 32], stage3: [2, 2, 64], pooled: [64] }],
  ['digit-network', [28, 28, 1], { stage1: [28, 28, 16], stage2: [14, 14, 32], stage3: [7, 7, 64], pooled: [64] }],
  ['lenet', [28, 28, 1], { stage1: [28, 28, 6], stage2: [10, 10, 16], hidden1: [120], hidden2: [84] }],
])('%s has its taps, each before a pooling', (name, inputShape, shapes) => {
  expect(tapShapes(networks[name]!({ classes: 10, inputShape }))).toEqual(shapes)
})

test('vgg9 has its taps, each before a pooling', () => {
  const narrow = vgg9({ classes: 10, widths: [[2], [3], [4, 4], [5, 5], [6, 6]] })
  expect(tapShapes(narrow)).toEqual({ stage1: [32, 32, 2], stage2: [16, 16, 3], stage3: [8, 8, 4], stage4: [4, 4, 5], stage5: [2, 2, 6], pooled: [6] })
})

test('a depth that is not 6n + 2 is refused', () => {
  expect(() => cifarResnet({ depth: 18 })).toThrow(/6n \+ 2 layers.*depth is 18/)
})

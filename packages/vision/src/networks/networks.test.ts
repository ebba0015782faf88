import { countElements, flattenTree, inference, randomKey, randomNormal, readSync, scope, tapShapes, type Tensor, trainingMode } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { cifarResnet } from './cifar-resnet.js'
import { divisibleChannels } from './divisible-channels.js'
import { mobilenetV1 } from './mobilenet-v1.js'
import { mobilenetV2 } from './mobilenet-v2.js'
import { networks } from './networks.js'
import { resnet18, resnet50 } from './resnet.js'
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

/** Networks of the ImageNet challenge, counted with its 1000 classes as in the official code. */
const imagenetCounts: Readonly<Record<string, number>> = {
  // torchvision 0.24.1.
  resnet18: 11_689_512,
  resnet34: 21_797_672,
  resnet50: 25_557_032,
  'mobilenet-v2': 3_504_872,
  // A stem of 3 instead of 7 pixels.
  'resnet18-small': 11_689_512 - 64 * 3 * (49 - 9),
  'resnet34-small': 21_797_672 - 64 * 3 * (49 - 9),
  'resnet50-small': 25_557_032 - 64 * 3 * (49 - 9),
  // Howard et al. (2017), tables 6 and 7: 4.2, 2.6, 1.3 and 0.5 million.
  'mobilenet-v1': 4_231_976,
  'mobilenet-v1-0.75': 2_585_560,
  'mobilenet-v1-0.5': 1_331_592,
  'mobilenet-v1-0.25': 470_072,
  // As timm counts mobilenetv2_140, _075, _050 and _035 (6.11, 2.64, 1.97 and 1.68 million).
  'mobilenet-v2-1.4': 6_108_776,
  'mobilenet-v2-0.75': 2_636_424,
  'mobilenet-v2-0.5': 1_968_680,
  'mobilenet-v2-0.35': 1_677_128,
}

describe.each(Object.entries(networks))('%s', (name, make) => {
  test('has the parameters of its definition', () => {
    scope(() => {
      // Convolutions do not know the size of the maps, so small ones count as well; LeNet's first layer behind them does.
      const inputShape = name === 'lenet' ? [28, 28, 1] : name === 'digit-network' ? [4, 4, 1] : name === 'vgg9' ? [32, 32, 3] : [8, 8, 3]
      const network = make({ classes: name in imagenetCounts ? 1000 : 10, inputShape })
      expect(network.name).toBe(name)
      expect(countElements(network.init(randomKey(1), [1, ...inputShape]).params)).toBe(imagenetCounts[name] ?? counts[name])
    })
  })
})

test.each([
  ['cifar-resnet20', [8, 8, 3], { stem: [8, 8, 16], stage1: [8, 8, 16], stage2: [4, 4, 32], stage3: [2, 2, 64], pooled: [64] }],
  ['digit-network', [28, 28, 1], { stage1: [28, 28, 16], stage2: [14, 14, 32], stage3: [7, 7, 64], pooled: [64] }],
  ['resnet18-small', [8, 8, 3], { stem: [8, 8, 64], stage1: [8, 8, 64], stage2: [4, 4, 128], stage3: [2, 2, 256], stage4: [1, 1, 512], pooled: [512] }],
  [
    'mobilenet-v1-0.25',
    [64, 64, 3],
    { stem: [32, 32, 8], stage1: [32, 32, 16], stage2: [16, 16, 32], stage3: [8, 8, 64], stage4: [4, 4, 128], stage5: [2, 2, 256], pooled: [256] },
  ],
  [
    'mobilenet-v2-0.35',
    [64, 64, 3],
    { stem: [32, 32, 16], stage1: [32, 32, 8], stage2: [16, 16, 8], stage3: [8, 8, 16], stage4: [4, 4, 32], stage5: [2, 2, 1280], pooled: [1280] },
  ],
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

test.each([
  [resnet18, { stem: [32, 32, 2], stage1: [16, 16, 2], stage2: [8, 8, 3], stage3: [4, 4, 4], stage4: [2, 2, 5], pooled: [5] }],
  [resnet50, { stem: [32, 32, 2], stage1: [16, 16, 8], stage2: [8, 8, 12], stage3: [4, 4, 16], stage4: [2, 2, 20], pooled: [20] }],
])('a ResNet has its taps, the stem before its pooling', (make, shapes) => {
  expect(tapShapes(make({ classes: 10, inputShape: [64, 64, 3], widths: [2, 3, 4, 5] }))).toEqual(shapes)
})

test.each([resnet18, resnet50])('a ResNet takes images of odd sizes', (make) => {
  expect(tapShapes(make({ classes: 10, inputShape: [33, 35, 3], widths: [2, 3, 4, 5] }))).toMatchObject({ stem: [17, 18, 2], stage4: [2, 2, expect.anything()] })
})

test.each([resnet18, resnet50])('with zeroInitResidual every block starts as its shortcut and a rectifier', (make) => {
  scope(() => {
    const network = make({ classes: 2, inputShape: [32, 32, 3], widths: [2, 3, 4, 5], stem: 'small', zeroInitResidual: true })
    const variables = network.init(randomKey(1), [1, 32, 32, 3])
    const { taps } = network.apply(variables, randomNormal(randomKey(2), [2, 32, 32, 3]), inference)
    expect(readSync(taps['stage2.block2'] as Tensor)).toEqual(readSync(taps['stage2.block1'] as Tensor))
    const scales = flattenTree<Tensor>(variables.params).filter(({ path, leaf }) => path.endsWith('.scale') && readSync(leaf).every((value) => value === 0))
    expect(scales).toHaveLength(make === resnet18 ? 8 : 16)
  })
})

describe('MobileNets', () => {
  test('round their widths to multiples of the divisor, and lose at most a tenth', () => {
    expect([8.4, 11.2, 5.6, 33.6, 44.8, 12, 3, 33.6].map((channels) => divisibleChannels(channels, 8))).toEqual([8, 16, 8, 32, 48, 16, 8, 32])
    expect([4, 6, 16.5].map((channels) => divisibleChannels(channels, 4))).toEqual([4, 8, 16])
  })

  test('v1 has the rectifier that is asked for, in all its blocks', () => {
    const rectifiers = (network: ReturnType<typeof mobilenetV1>): unknown[] => network.stages.slice(0, -1).flatMap(({ module }) => [module, ...Object.values(module.children)].flatMap(({ description }) => description['activation'] ?? []))
    expect(rectifiers(mobilenetV1({ classes: 2 }))).toEqual(Array(14).fill('relu'))
    expect(rectifiers(mobilenetV1({ classes: 2, activation: 'relu6' }))).toEqual(Array(14).fill('relu6'))
  })

  test.each([
    // torchvision counts all channels of a depthwise convolution as outputs of each.
    ['v2', mobilenetV2({ classes: 2, inputShape: [4, 4, 3], widthFactor: 0.25 }), 'stage2.block2.convolution2.filter', 9 * 48],
    ['v1', mobilenetV1({ classes: 2, inputShape: [4, 4, 3], widthFactor: 0.25 }), 'stage5.block2.convolution1.filter', 9],
  ])('%s starts its depthwise filters normal with √(2 / fan out)', (_, network, path, fanOut) => {
    scope(() => {
      const { leaf } = flattenTree<Tensor>(network.init(randomKey(1), [1, 4, 4, 3]).params).find((found) => found.path === path)!
      const values = readSync(leaf)
      const deviation = Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length)
      // Four standard errors; that of a deviation is about 1 / √(2n) of it.
      expect(Math.abs(deviation / Math.sqrt(2 / fanOut) - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length))
    })
  })

  test('v2 drops parts of its feature in training only', () => {
    scope(() => {
      const options = { classes: 2, inputShape: [8, 8, 3], widthFactor: 0.1, groups: [{ expansion: 2, channels: 16, blocks: 1, strides: 2 }] }
      const network = mobilenetV2(options)
      const variables = network.init(randomKey(1), [1, 8, 8, 3])
      const x = randomNormal(randomKey(2), [4, 8, 8, 3])
      const dropped = (mode: Parameters<typeof network.apply>[2]): number => {
        const { taps } = network.apply(variables, x, mode)
        const [before, after] = [readSync(taps['pooled.mean'] as Tensor), readSync(taps['pooled'] as Tensor)]
        return before.filter((value, index) => value !== 0 && after[index] === 0).length / before.filter((value) => value !== 0).length
      }
      expect(dropped(inference)).toBe(0)
      expect(dropped(trainingMode(randomKey(3)))).toBeCloseTo(0.2, 1)
    })
  })
})

import {
  flattenTree,
  foldIn,
  globalAveragePool,
  type Images,
  inference,
  integerTensor,
  mean,
  type Network,
  randomKey,
  readSync,
  scope,
  softmaxCrossEntropy,
  type Tensor,
  type TensorTree,
  trainingMode,
  valueAndGradWithAuxiliary,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { floatsOf } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { official, officialNumbers } from '../pytorch/official.fixture.js'
import { exportPytorch, importPytorch } from '../pytorch/weights.js'
import { tinyImagenetResnet } from './cifar-resnet.js'
import { digitNetwork } from './digit-network.js'
import { lenet } from './lenet.js'
import { resnet26 } from './resnet26.js'
import { vgg9 } from './vgg9.js'

type Tolerances = Readonly<Record<string, readonly [relative: number, absolute: number]>>

const key = randomKey(1)

const close = (actual: Tensor | Float32Array, expected: Float32Array, [relative, absolute]: readonly [number, number] = [1e-4, 1e-5]): void => expectClose(actual, expected, { relative, absolute })

/** Names of the digit network, which has no official code, in the PyTorch script beside the fixtures. */
const digitNames = {
  nameOf: (path: string): string => path.replace(/^stage(\d)\.layer1\.convolution$/, 'conv$1').replace(/^stage(\d)\.layer1\.norm$/, 'bn$1').replace(/^head$/, 'fc'),
}

const networks: readonly (readonly [string, () => Network, typeof digitNames | undefined])[] = [
  ['lenet', () => lenet({ classes: 4, inputShape: [16, 16, 1] }), undefined],
  ['vgg9', () => vgg9({ classes: 4, widths: [[4], [6], [6, 6], [8, 8], [8, 8]] }), undefined],
  ['digit-network', () => digitNetwork({ classes: 4, inputShape: [12, 12, 1] }), digitNames],
]

describe.each(networks)('%s equals its PyTorch twin', (name, make, names) => {
  test('in inference mode, in training mode, and in its running statistics', () => {
    scope(() => {
      const network = make()
      const fixture = official(name)
      const variables = importPytorch(network, fixture.state, names)
      const inputs = fixture.ours('inputs', 'images')
      close(network.apply(variables, inputs, inference).output, fixture.values('inference'))
      const trained = network.apply(variables, inputs, trainingMode(key))
      close(trained.output, fixture.values('training'))
      const after = new Map(exportPytorch(network, { params: variables.params, state: trained.state }, names).map((entry) => [entry.name, floatsOf(entry)]))
      for (const statistic of fixture.names('after/')) close(after.get(statistic)!, fixture.values(`after/${statistic}`))
    })
  })
})

describe('ResNet-26 equals the official code', () => {
  const { loss, tolerances } = officialNumbers<{ loss: { value: number; rtol: number; atol: number }; tolerances: Tolerances }>('resnet26')
  const fixture = official('resnet26')
  const network = resnet26({ classes: 5, widthFactor: 0.125 })

  test('in its logits, its loss and all gradients', () => {
    scope(() => {
      const { params, state } = importPytorch(network, fixture.state)
      const inputs = fixture.ours('x0', 'images')
      close(network.apply({ params, state }, inputs, inference).output, fixture.values('eval_logits0'), tolerances['eval_logits0'])

      const labels = integerTensor([...fixture.values('y0')], [2])
      const { value, gradient, auxiliary } = valueAndGradWithAuxiliary((trained: TensorTree) => {
        const { output } = network.apply({ params: trained, state }, inputs, trainingMode(key))
        return { value: mean(softmaxCrossEntropy(output, labels) as Tensor), auxiliary: output }
      })(params)
      close(auxiliary, fixture.values('train_logits0'), tolerances['train_logits0'])
      expectClose(value, [loss.value], { relative: loss.rtol, absolute: loss.atol })
      const gradients = exportPytorch(network, { params: gradient, state: {} })
      expect(gradients.map(({ name }) => name).sort()).toEqual([...fixture.names('grad0/')].sort())
      for (const entry of gradients) close(floatsOf(entry), fixture.values(`grad0/${entry.name}`), tolerances[`grad0/${entry.name}`])
    })
    // Half a minute on the plain JavaScript backend of a busy machine.
  }, 180_000)

  test('in its start: filters normal with √(2 / fan out), as the official code draws them', () => {
    scope(() => {
      const start = network.init(foldIn(key, 'start'), [1, 64, 64, 3])
      const filter = flattenTree<Tensor>(start.params).find(({ path }) => path === 'stage3.block2.convolution1.filter')!.leaf
      const values = readSync(filter)
      const deviation = Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length)
      expect(deviation / Math.sqrt(2 / (9 * 32))).toBeCloseTo(1, 1)
    })
  })

  test('and refuses maps that it cannot halve, with the next size that it can', () => {
    expect(() => resnet26({ classes: 5, inputShape: [60, 64, 3] })).toThrow(/height of the images is 60.*the next is 64/)
    scope(() => {
      const small = resnet26({ classes: 5, widthFactor: 0.125, blocks: [1, 1, 1] })
      expect(() => small.init(key, [1, 36, 36, 3])).toThrow(/maps of 9 x 9, but they must be even/)
    })
  })
})

test('the CIFAR ResNet with projections equals the official code in its logits and in every block', () => {
  const { tolerances } = officialNumbers<{ tolerances: Tolerances }>('tiny-imagenet-resnet14')
  const fixture = official('tiny-imagenet-resnet14')
  scope(() => {
    const network = tinyImagenetResnet({ depth: 14, classes: 6 })
    const { output, taps } = network.apply(importPytorch(network, fixture.state), fixture.ours('x', 'images'), inference)
    close(output, fixture.values('logits'), tolerances['logits'])
    const blocks = [1, 2, 3].flatMap((stage) => [1, 2].map((block) => `stage${stage}.block${block}`))
    blocks.forEach((tap, index) => {
      close(globalAveragePool(taps[tap] as Images), fixture.values(`feature_mean/${index}`), tolerances[`feature_mean/${index}`])
    })
    // The last block of each stage is the stage's tap; the fixture has its first example.
    for (const [stage, index] of [1, 3, 5].entries()) {
      const tap = readSync(taps[`stage${stage + 1}`]!)
      const expected = readSync(fixture.ours(`feature/${index}`, 'images'))
      close(tap.slice(0, expected.length), expected, tolerances[`feature/${index}`])
    }
  })
})

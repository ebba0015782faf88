import { openRuntime } from '@transferkit/runtime/node'
import {
  type Compile,
  flattenTree,
  foldIn,
  globalAveragePool,
  type Images,
  inference,
  integerTensor,
  type Labels,
  mean,
  type Mode,
  type Network,
  randomKey,
  readSync,
  scope,
  softmaxCrossEntropy,
  type Tensor,
  type TensorTree,
  trainingMode,
  valueAndGradWithAuxiliary,
  type Variables,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { floatsOf } from '@transferkit/training'
import { checkedWays } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import { pytorchNames } from '../pytorch/names.js'
import type { PytorchNames } from '../pytorch/renaming.js'
import { official, officialNumbers } from '../pytorch/official.fixture.js'
import { exportPytorch, importPytorch } from '../pytorch/weights.js'
import { tinyImagenetResnet } from './cifar-resnet.js'
import { digitNetwork } from './digit-network.js'
import { lenet } from './lenet.js'
import { mobilenetV1 } from './mobilenet-v1.js'
import { mobilenetV2 } from './mobilenet-v2.js'
import { resnet18, resnet50 } from './resnet.js'
import { resnet26 } from './resnet26.js'
import { vgg9 } from './vgg9.js'

type Tolerances = Readonly<Record<string, readonly [relative: number, absolute: number]>>

const key = randomKey(1)

const ways = checkedWays(() => openRuntime({ backend: 'native' }))

const close = (actual: Tensor | Float32Array, expected: Float32Array, [relative, absolute]: readonly [number, number] = [1e-4, 1e-5]): void => expectClose(actual, expected, { relative, absolute })

/** Names of the digit network, which has no official code, in the PyTorch script beside the fixtures. */
const digitNames = {
  nameOf: (path: string): string =>
    path
      .replace(/^stage(\d)\.layer1\.convolution$/, 'conv$1')
      .replace(/^stage(\d)\.layer1\.norm$/, 'bn$1')
      .replace(/^head$/, 'fc'),
}

/** Of other widths and numbers of blocks than the paper's, with two groups in the stage of the second one. */
const timmGroups = [
  { expansion: 1, channels: 32, blocks: 1, strides: 1 },
  { expansion: 6, channels: 32, blocks: 2, strides: 2 },
  { expansion: 6, channels: 64, blocks: 2, strides: 1 },
  { expansion: 6, channels: 96, blocks: 1, strides: 2 },
]

const timmNames = pytorchNames(mobilenetV2({ classes: 4, groups: timmGroups }), 'timm')

/** Name, network, names of its modules, and the absolute tolerance: 1e-5, or ten times the distance between float32 and float64 in PyTorch where that is more. */
const networks: readonly (readonly [name: string, make: () => Network, names: PytorchNames | undefined, absolute: number])[] = [
  ['lenet', () => lenet({ classes: 4, inputShape: [16, 16, 1] }), undefined, 1e-5],
  ['vgg9', () => vgg9({ classes: 4, widths: [[4], [6], [6, 6], [8, 8], [8, 8]] }), undefined, 1e-5],
  ['digit-network', () => digitNetwork({ classes: 4, inputShape: [12, 12, 1] }), digitNames, 1e-5],
  ['resnet50', () => resnet50({ classes: 4, inputShape: [64, 64, 3], widths: [4, 4, 6, 6] }), undefined, 7e-4],
  ['mobilenet-v1', () => mobilenetV1({ classes: 4, inputShape: [64, 64, 3], widthFactor: 0.125, activation: 'relu6' }), undefined, 1e-4],
  ['mobilenet-v2', () => mobilenetV2({ classes: 4, inputShape: [32, 32, 3], widthFactor: 0.25, groups: timmGroups, dropout: 0 }), timmNames, 1e-5],
]

type Given = Variables & { readonly inputs: Tensor }

const applied = (compile: Compile, network: Network, mode: Mode): ((given: Given) => ReturnType<Network['apply']>) =>
  compile(({ inputs, ...variables }: Given) => network.apply(variables, inputs, mode))

/** Loss, gradients, scores and running statistics of a step of training. */
const trainedOn = (compile: Compile, network: Network) =>
  compile(({ params, state, inputs, labels }: Given & { readonly labels: Labels }) =>
    valueAndGradWithAuxiliary((trained: TensorTree) => {
      const { output, state: after } = network.apply({ params: trained, state }, inputs, trainingMode(key))
      return { value: mean(softmaxCrossEntropy(output, labels) as Tensor), auxiliary: { output, state: after } }
    })(params),
  )

describe.each(networks)('%s equals its PyTorch twin', (name, make, names, absolute) => {
  test.for(ways)('in inference mode, in training mode, and in its running statistics, $way', ({ run }, { skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const tolerance = [1e-4, absolute] as const
        const network = make()
        const fixture = official(name)
        const variables = importPytorch(network, fixture.state, names)
        const inputs = fixture.ours('inputs', 'images')
        close(applied(compile, network, inference)({ ...variables, inputs }).output, fixture.values('inference'), tolerance)
        const trained = applied(compile, network, trainingMode(key))({ ...variables, inputs })
        close(trained.output, fixture.values('training'), tolerance)
        const after = new Map(exportPytorch(network, { params: variables.params, state: trained.state }, names).map((entry) => [entry.name, floatsOf(entry)]))
        for (const statistic of fixture.names('after/')) close(after.get(statistic)!, fixture.values(`after/${statistic}`), tolerance)
      })
    }),
  )
})

describe('ResNet-26 equals the official code', () => {
  const { loss, tolerances } = officialNumbers<{ loss: { value: number; rtol: number; atol: number }; tolerances: Tolerances }>('resnet26')
  const fixture = official('resnet26')
  const network = resnet26({ classes: 5, widthFactor: 0.125 })

  test.for(ways)('in its logits, its loss and all gradients, $way', { timeout: 180_000 }, ({ run }, { skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const { params, state } = importPytorch(network, fixture.state)
        const inputs = fixture.ours('x0', 'images')
        close(applied(compile, network, inference)({ params, state, inputs }).output, fixture.values('eval_logits0'), tolerances['eval_logits0'])

        const labels = integerTensor([...fixture.values('y0')], [2])
        const { value, gradient, auxiliary } = trainedOn(compile, network)({ params, state, inputs, labels })
        close(auxiliary.output, fixture.values('train_logits0'), tolerances['train_logits0'])
        expectClose(value, [loss.value], { relative: loss.rtol, absolute: loss.atol })
        const gradients = exportPytorch(network, { params: gradient, state: {} })
        expect(gradients.map(({ name }) => name).sort()).toEqual([...fixture.names('grad0/')].sort())
        for (const entry of gradients) close(floatsOf(entry), fixture.values(`grad0/${entry.name}`), tolerances[`grad0/${entry.name}`])
      })
    }),
  )

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

test.for(ways)('the CIFAR ResNet with projections equals the official code in its logits and in every block, $way', ({ run }, { skip }) =>
  run(skip, (compile) => {
    const { tolerances } = officialNumbers<{ tolerances: Tolerances }>('tiny-imagenet-resnet14')
    const fixture = official('tiny-imagenet-resnet14')
    scope(() => {
      const network = tinyImagenetResnet({ depth: 14, classes: 6 })
      const { output, taps } = applied(compile, network, inference)({ ...importPytorch(network, fixture.state), inputs: fixture.ours('x', 'images') })
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
  }),
)

/** Modules of torchvision by the taps of ours that have the same values. */
const resnetTaps = {
  conv1: 'stem.convolution',
  bn1: 'stem.norm',
  maxpool: 'stage1.pool',
  layer1: 'stage1',
  layer2: 'stage2',
  layer3: 'stage3',
  layer4: 'stage4',
  avgpool: 'pooled',
}

const mobilenetTaps = {
  'features.0': 'stem',
  'features.1': 'stage1',
  'features.2': 'stage2.block1',
  'features.3': 'stage2',
  'features.4': 'stage3.block1',
  'features.5': 'stage3',
  'features.6': 'stage4.block1',
  'features.7': 'stage4',
}

const groups = [
  { expansion: 1, channels: 16, blocks: 1, strides: 1 },
  { expansion: 6, channels: 24, blocks: 2, strides: 2 },
  { expansion: 6, channels: 32, blocks: 2, strides: 2 },
  { expansion: 6, channels: 64, blocks: 1, strides: 2 },
]

describe.each<readonly [string, Network, Readonly<Record<string, string>>]>([
  ['resnet18-w8', resnet18({ classes: 6, inputShape: [64, 64, 3], widths: [8, 16, 32, 64] }), resnetTaps],
  ['mobilenet-v2-w025', mobilenetV2({ classes: 5, inputShape: [64, 64, 3], widthFactor: 0.25, divisor: 4, groups, dropout: 0 }), mobilenetTaps],
])('%s equals torchvision', (name, network, modules) => {
  const { loss, tolerances } = officialNumbers<{ loss: { value: number; rtol: number; atol: number }; tolerances: Tolerances }>(name)
  const fixture = official(name)

  test.for(ways)('in its logits and in all modules that the fixture has, $way', ({ run }, { skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const { output, taps } = applied(compile, network, inference)({ ...importPytorch(network, fixture.state), inputs: fixture.ours('x', 'images') })
        close(output, fixture.values('eval_logits'), tolerances['eval_logits'])
        expect(Object.keys(modules).sort()).toEqual([...fixture.names('act/')].sort())
        for (const [module, tap] of Object.entries(modules)) {
          const actual = taps[tap]!
          const first = readSync(fixture.ours(`act/${module}`, 'images'))
          close(readSync(actual).slice(0, first.length), first, tolerances[`act/${module}`])
          // Our mean over all positions has no axes of size 1 left.
          const means: Tensor = actual.rank === 4 ? globalAveragePool(actual as Images) : actual
          close(means, fixture.values(`act_mean/${module}`), tolerances[`act_mean/${module}`])
        }
      })
    }),
  )

  test.for(ways)('in its loss, in all gradients, and in its running statistics, $way', ({ run }, { skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const { params, state } = importPytorch(network, fixture.state)
        const labels = integerTensor([...fixture.values('y')], [2])
        const { value, gradient, auxiliary } = trainedOn(compile, network)({ params, state, inputs: fixture.ours('x', 'images'), labels })
        close(auxiliary.output, fixture.values('train_logits'), tolerances['train_logits'])
        expectClose(value, [loss.value], { relative: loss.rtol, absolute: loss.atol })
        for (const [prefix, entries] of [
          ['grad/', exportPytorch(network, { params: gradient, state: {} })],
          ['after_forward/', exportPytorch(network, { params: {}, state: auxiliary.state })],
        ] as const) {
          expect(entries.map((entry) => entry.name).sort()).toEqual(
            fixture
              .names(prefix)
              .filter((tensor) => !tensor.endsWith('num_batches_tracked'))
              .sort(),
          )
          for (const entry of entries) close(floatsOf(entry), fixture.values(`${prefix}${entry.name}`), tolerances[`${prefix}${entry.name}`])
        }
      })
    }),
  )
})

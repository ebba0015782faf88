import {
  add,
  batchNormLayer,
  conv2d,
  convolutionLayer,
  depthwiseConvolutionLayer,
  type Filters,
  flattenTree,
  foldIn,
  globalAveragePoolLayer,
  type Images,
  inference,
  type Key,
  leavesOf,
  mapTree,
  type Module,
  network,
  type Network,
  type Padding,
  randomKey,
  randomNormal,
  readSync,
  release,
  scope,
  sequential,
  slice,
  square,
  subtree,
  tapShapes,
  type Tensor,
  type TensorTree,
  type Variables,
} from '@transferkit/tensor'
import { expectClose, liveTensors } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { resnet26 } from '../networks/resnet26.js'
import { type AdapterPlan, adaptNetwork } from './adapt-network.js'
import { convolutionsOf, selectConvolutions } from './convolutions.js'
import { foldAdapters } from './fold-adapters.js'

const key = randomKey(1)

/** Variables far from their start: scales and variances around 1, all else around 0. */
const random = (tree: TensorTree, from: Key): TensorTree =>
  mapTree(tree, (leaf, path) => {
    const values: Tensor = randomNormal(foldIn(from, path), leaf.shape)
    return /\.(scale|variance)$/.test(path) ? add(square(values), 0.5) : values
  })

const randomVariables = (adapted: Network): Variables => {
  const { params, state } = adapted.init(key, [1, ...adapted.inputShape])
  return { params: random(params, foldIn(key, 'params')), state: random(state, foldIn(key, 'state')) }
}

const single = (convolution: Module<Images, Images>, height: number, width: number): Network =>
  network({
    name: 'single',
    inputShape: [height, width, 4],
    stages: [
      // Images to images, to a network of any modules.
      { name: 'stage', module: sequential({ convolution, norm: batchNormLayer() }) },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
    classes: 3,
  })

const outputOf = (adapted: Network, variables: Variables, images: Tensor): Tensor => adapted.apply(variables, images, inference).taps['stage']!

const expectEqualFolded = (base: Network, plan: Omit<AdapterPlan, 'convolutions'>): void => {
  scope(() => {
    const adapted = adaptNetwork(base, { ...plan, convolutions: ['stage.convolution'] })
    const variables = randomVariables(adapted)
    const images: Tensor = randomNormal(foldIn(key, 'images'), [2, ...base.inputShape])
    const folded = foldAdapters({ network: adapted, variables })
    expect(flattenTree<Tensor>(folded.variables.params).filter(({ path }) => path.includes('adapter'))).toEqual([])
    const [before, after] = [readSync(outputOf(adapted, variables, images)), readSync(outputOf(folded.network, folded.variables, images))]
    const largest = before.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    expectClose(after, before, { absolute: 1e-5 * largest, relative: 0 })
  })
}

const uneven: Padding = [
  [0, 1],
  [2, 0],
]

const sizes = [
  [8, 8],
  [7, 7],
  [6, 9],
] as const

describe.each(['parallel', 'series'] as const)('a folded %s adapter computes the same', (kind) => {
  test.each([1, 2])('with strides %i, on even and odd sizes, for any padding, with and without a bias', (strides) => {
    for (const [height, width] of sizes) {
      for (const padding of [1, 0, 2, uneven]) {
        for (const bias of [false, true]) expectEqualFolded(single(convolutionLayer({ channels: 5, kernelSize: 3, strides, padding, bias }), height, width), { kind })
      }
    }
  })

  test('on larger windows and uneven steps', () => {
    expectEqualFolded(single(convolutionLayer({ channels: 5, kernelSize: 7, strides: 2, padding: 3 }), 12, 11), { kind })
    expectEqualFolded(single(convolutionLayer({ channels: 5, kernelSize: [3, 5], strides: [2, 1], padding: 1 }), 8, 9), { kind })
    expectEqualFolded(single(convolutionLayer({ channels: 5, kernelSize: 1, strides: 2 }), 8, 9), { kind })
  })

  test('on depthwise convolutions, with several filters a channel and a bias', () => {
    for (const strides of [1, 2]) {
      for (const [height, width] of sizes) {
        expectEqualFolded(single(depthwiseConvolutionLayer({ kernelSize: 3, strides, padding: 1 }), height, width), { kind })
        expectEqualFolded(single(depthwiseConvolutionLayer({ kernelSize: 3, strides, padding: uneven, multiplier: 2, bias: true }), height, width), { kind })
      }
    }
  })

  test('in a whole network, whose cost and description are then those of the base', () => {
    scope(() => {
      const base = resnet26({ classes: 4, widthFactor: 0.125, blocks: [1, 1, 1], inputShape: [16, 24, 3] })
      const adapted = adaptNetwork(base, { kind, convolutions: selectConvolutions(base, () => true) })
      const variables = randomVariables(adapted)
      const images: Tensor = randomNormal(foldIn(key, 'images'), [2, 16, 24, 3])
      const folded = foldAdapters({ network: adapted, variables })
      const [before, after] = [readSync(adapted.apply(variables, images, inference).output), readSync(folded.network.apply(folded.variables, images, inference).output)]
      expectClose(after, before, { absolute: 1e-5 * before.reduce((most, value) => Math.max(most, Math.abs(value)), 1), relative: 0 })
      const settings = (places: ReturnType<typeof convolutionsOf>): unknown => places.map(({ path, description: { kind: type, channels, bias } }) => ({ path, type, channels, bias }))
      const expected = convolutionsOf(base).map((place) => ({ ...place, description: { ...place.description, bias: kind === 'series' } }))
      expect(settings(convolutionsOf(folded.network))).toEqual(settings(expected))
      expect(tapShapes(folded.network)).toEqual(tapShapes(base))
    })
  })
})

test('an adapter in two parts folds too', () => {
  for (const strides of [1, 2]) {
    for (const [height, width] of sizes) expectEqualFolded(single(convolutionLayer({ channels: 5, kernelSize: 3, strides, padding: 1 }), height, width), { kind: 'parallel', rank: 2 })
  }
})

test('with the padding that TensorFlow calls same, the folded adapter is not a strided 1 x 1 convolution of the image, and ours knows that', () => {
  scope(() => {
    const same: Padding = [
      [0, 1],
      [0, 1],
    ]
    const base = single(convolutionLayer({ channels: 5, kernelSize: 3, strides: 2, padding: same }), 8, 8)
    const adapted = adaptNetwork(base, { kind: 'parallel', convolutions: ['stage.convolution'] })
    const variables = randomVariables(adapted)
    const images = randomNormal(foldIn(key, 'images'), [2, 8, 8, 4])
    // Filters of the convolution have four axes.
    const [filter, adapter] = ['filter', 'adapter.filter'].map((name) => subtree(variables.params, `stage.convolution.${name}`) as unknown as Filters) as [Filters, Filters]
    const plain = conv2d(images, filter, { strides: 2, padding: same }) as Tensor
    const beside = (seen: Images): Float32Array => readSync(add(plain, conv2d(seen, adapter, { strides: 2 }) as Tensor))
    const ours = readSync(adapted.apply(variables, images as Tensor, inference).taps['stage.convolution']!)
    const distance = (values: Float32Array): number => Math.max(...values.map((value, index) => Math.abs(value - (ours[index] ?? 0))))
    expect(distance(beside(images))).toBeGreaterThan(0.5)
    // The middles of these windows are in odd rows and columns: behind the first ones.
    expect(distance(beside(slice(images as Tensor, [0, 1, 1, 0], [2, 7, 7, 4]) as Images))).toBeLessThan(1e-5)
    expectEqualFolded(base, { kind: 'parallel' })
  })
})

test('all tensors of the folded network are new, and nothing else is left', () => {
  const { adapted, variables } = scope(() => {
    const base = single(convolutionLayer({ channels: 5, kernelSize: 3, padding: 1 }), 6, 6)
    const made = adaptNetwork(base, { kind: 'series', convolutions: ['stage.convolution'] })
    return { adapted: made, variables: made.init(key, [1, 6, 6, 4]) }
  })
  const before = liveTensors()
  const folded = foldAdapters({ network: adapted, variables })
  release(leavesOf<Tensor>(folded.variables.params))
  release(leavesOf<Tensor>(folded.variables.state))
  expect(liveTensors()).toBe(before)
  expect(leavesOf<Tensor>(variables.params).every((leaf) => readSync(leaf).length > 0)).toBe(true)
  release(leavesOf<Tensor>(variables.params))
  release(leavesOf<Tensor>(variables.state))
})

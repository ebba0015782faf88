import {
  averagePool,
  branchAt,
  countElements,
  flattenTree,
  foldIn,
  grad,
  type Images,
  inference,
  mapTree,
  type Network,
  partitionTree,
  randomKey,
  randomNormal,
  readSync,
  scope,
  square,
  sum,
  tensor,
  type Tensor,
  type TensorTree,
  trainingMode,
  zerosLike,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { cifarResnet } from '../networks/cifar-resnet.js'
import { lenet } from '../networks/lenet.js'
import { mobilenetV1 } from '../networks/mobilenet-v1.js'
import { resnet18 } from '../networks/resnet.js'
import { resnet26 } from '../networks/resnet26.js'
import { poolingShortcut } from '../networks/shortcuts.js'
import { isAdapterPath } from './adapted-convolution.js'
import { type AdapterPlan, adaptNetwork } from './adapt-network.js'
import { chooseConvolutions } from './choose-convolutions.js'
import { convolutionsOf, selectConvolutions } from './convolutions.js'

const key = randomKey(1)

const everywhere = (base: Network, kind: AdapterPlan['kind']): AdapterPlan => ({ kind, convolutions: chooseConvolutions(base, { kind }) })

const paramsOf = (network: Network): TensorTree => network.init(key, [1, ...network.inputShape]).params

const shapesUnder = (params: TensorTree, path: string): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(flattenTree<Tensor>(branchAt(params, path)).map(({ path: inner, leaf }) => [inner, leaf.shape]))

const count = (params: TensorTree, chosen: (path: string) => boolean): number => countElements(partitionTree(params, chosen).selected)

describe('ResNet-26 has the published numbers of parameters', () => {
  // The smallest images that it takes: they do not change its parameters.
  const base = resnet26({ classes: 10, inputShape: [8, 8, 3] })
  const isNorm = (path: string): boolean => /\.norm\d?\./.test(path)

  test.each([
    ['parallel', 645_216, 652_960],
    ['series', 689_152, 704_128],
  ] as const)('with %s adapters', (kind, adapters, domain) => {
    scope(() => {
      const params = paramsOf(adaptNetwork(base, everywhere(base, kind)))
      const shared = count(params, (path) => path.endsWith('.filter') && !isAdapterPath(path))
      expect(shared).toBe(5_806_944)
      expect(count(params, (path) => isAdapterPath(path) && path.endsWith('.filter'))).toBe(adapters)
      if (kind === 'parallel') expect(adapters * 9).toBe(shared)
      expect(count(params, (path) => isNorm(path) && !isAdapterPath(path))).toBe(7744)
      expect(count(params, (path) => isAdapterPath(path) || isNorm(path))).toBe(domain)
    })
  })
})

describe('an adapted network keeps the paths of its base and adds those of its adapters', () => {
  const base = cifarResnet({ depth: 8, inputShape: [8, 8, 3] })
  const place = 'stage2.block1.convolution1'

  test('in parallel, in one part and in two', () => {
    scope(() => {
      const one = paramsOf(adaptNetwork(base, everywhere(base, 'parallel')))
      expect(shapesUnder(one, place)).toEqual({ 'adapter.filter': [1, 1, 16, 32], filter: [3, 3, 16, 32] })
      const two = paramsOf(adaptNetwork(base, { ...everywhere(base, 'parallel'), rank: 4 }))
      expect(shapesUnder(two, place)).toEqual({ 'adapter.private.filter': [1, 1, 4, 32], 'adapter.shared.filter': [1, 1, 16, 4], filter: [3, 3, 16, 32] })
    })
  })

  test('in series', () => {
    scope(() => {
      const { params, state } = adaptNetwork(base, everywhere(base, 'series')).init(key, [1, 8, 8, 3])
      expect(shapesUnder(params, place)).toEqual({ 'adapter.convolution.filter': [1, 1, 32, 32], 'adapter.norm.offset': [32], 'adapter.norm.scale': [32], filter: [3, 3, 16, 32] })
      expect(shapesUnder(state, place)).toEqual({ 'adapter.norm.mean': [32], 'adapter.norm.variance': [32] })
    })
  })

  test('on depthwise convolutions one number a channel', () => {
    scope(() => {
      const mobile = mobilenetV1({ classes: 4, widthFactor: 0.25, inputShape: [32, 32, 3] })
      const depthwise = convolutionsOf(mobile).find(({ description }) => description.kind === 'depthwise-convolution')!.path
      for (const [kind, path] of [['parallel', 'adapter.filter'], ['series', 'adapter.convolution.filter']] as const) {
        const shapes = shapesUnder(paramsOf(adaptNetwork(mobile, everywhere(mobile, kind))), depthwise)
        expect(shapes[path]).toEqual([1, 1, shapes['filter']![2], 1])
      }
    })
  })

  test('again with new adapters where it has some already, in as many parts', () => {
    scope(() => {
      const once = adaptNetwork(base, { ...everywhere(base, 'parallel'), rank: 4 })
      const again = adaptNetwork(once, everywhere(once, 'parallel'))
      expect(shapesUnder(paramsOf(again), place)).toEqual(shapesUnder(paramsOf(once), place))
      expect(convolutionsOf(again)).toEqual(convolutionsOf(base))
    })
  })
})

describe('adapters that are 0 change nothing', () => {
  test.each([
    ['a ResNet-26', () => resnet26({ classes: 4, widthFactor: 0.125, blocks: [1, 1, 1], inputShape: [16, 16, 3] })],
    ['a CIFAR ResNet', () => cifarResnet({ depth: 8, inputShape: [9, 9, 3] })],
    ['a ResNet-18', () => resnet18({ classes: 4, widths: [8, 8, 16, 16], inputShape: [33, 33, 3] })],
    ['a MobileNet', () => mobilenetV1({ classes: 4, widthFactor: 0.25, inputShape: [32, 32, 3] })],
  ] as const)('in %s', (_name, make) => {
    scope(() => {
      const base = make()
      const variables = base.init(key, [1, ...base.inputShape])
      const images: Tensor = randomNormal(foldIn(key, 'images'), [2, ...base.inputShape])
      const expected = readSync(base.apply(variables, images, inference).output)
      for (const kind of ['parallel', 'series'] as const) {
        const adapted = adaptNetwork(base, { ...everywhere(base, kind), initialisation: 'zero' })
        const start = adapted.init(key, [1, ...base.inputShape])
        const known = new Map(flattenTree<Tensor>(variables.params).map(({ path, leaf }) => [path, leaf]))
        const params = mapTree(start.params, (leaf, path) => known.get(path) ?? leaf)
        expectClose(adapted.apply({ params, state: start.state }, images, inference).output, expected, { absolute: 1e-6, relative: 1e-6 })
        // While the start of the reference does change the output.
        const random = adaptNetwork(base, everywhere(base, kind)).init(key, [1, ...base.inputShape])
        const other = mapTree(random.params, (leaf, path) => known.get(path) ?? leaf)
        const changed = readSync(adapted.apply({ params: other, state: random.state }, images, inference).output)
        expect(Math.max(...changed.map((value, index) => Math.abs(value - expected[index]!)))).toBeGreaterThan(1e-3)
      }
    })
  })
})

test('dropout in training thins whole channels of the input of a parallel adapter, and of nothing else', () => {
  scope(() => {
    const base = lenet({ classes: 3, inputShape: [16, 16, 1] })
    const place = 'stage2.convolution'
    const adapted = adaptNetwork(base, { kind: 'parallel', convolutions: [place], dropout: 0.5 })
    const { params, state } = adapted.init(key, [1, 16, 16, 1])
    // Only the adapter passes anything on: each output channel is the input channel of the same number.
    const [inputs = 0, outputs = 0] = shapesUnder(params, `${place}.adapter`)['filter']!.slice(2)
    const through = tensor(Array.from({ length: inputs * outputs }, (_, index) => (Math.floor(index / outputs) === index % outputs ? 1 : 0)), [1, 1, inputs, outputs])
    const alone = mapTree(params, (leaf, path) => (path === `${place}.adapter.filter` ? (through as Tensor) : path.startsWith(`${place}.`) ? zerosLike(leaf) : leaf))
    const images: Tensor = randomNormal(foldIn(key, 'images'), [4, 16, 16, 1])
    const tap = (mode: Parameters<Network['apply']>[2]): Tensor => adapted.apply({ params: alone, state }, images, mode).taps[place]!
    const [still, thinned] = [tap(inference), tap(trainingMode(foldIn(key, 'training')))]
    const channelSums = (x: Tensor): Float32Array => readSync(sum(x, [1, 2]))
    const ratios = [...channelSums(thinned)].map((value, index) => value / channelSums(still)[index]!).filter((_ratio, index) => index % outputs < inputs)
    for (const ratio of ratios) expect(Math.min(Math.abs(ratio), Math.abs(ratio - 2))).toBeLessThan(1e-4)
    expect(new Set(ratios.map((ratio) => Math.round(ratio)))).toEqual(new Set([0, 2]))
  })
})

describe('a plan that cannot be is refused with what to do', () => {
  const base = cifarResnet({ depth: 8, inputShape: [8, 8, 3] })
  const convolutions = ['stage1.block1.convolution1']

  test.each<readonly [string, AdapterPlan, RegExp]>([
    ['a convolution that does not exist', { kind: 'series', convolutions: ['stage1.block1.convolution3'] }, /no convolution 'stage1.block1.convolution3'. Did you mean 'stage1.block1.convolution[12]'/],
    ['no convolution', { kind: 'series', convolutions: [] }, /No convolution of 'cifar-resnet8' was chosen/],
    ['dropout in series', { kind: 'series', convolutions, dropout: 0.5 }, /Series adapters have no dropout, found 0.5/],
    ['a rank in series', { kind: 'series', convolutions, rank: 2 }, /Series adapters have no rank, found 2/],
    ['a dropout of 1', { kind: 'parallel', convolutions, dropout: 1 }, /below 1, found 1/],
    ['half a rank', { kind: 'parallel', convolutions, rank: 0.5 }, /whole number above 0, found 0.5/],
  ])('%s', (_name, plan, message) => {
    expect(() => adaptNetwork(base, plan)).toThrow(message)
  })

  test('mixed kinds', () => {
    const series = adaptNetwork(base, { kind: 'series', convolutions })
    expect(() => adaptNetwork(series, { kind: 'parallel', convolutions: ['stem.convolution'] })).toThrow(/has a series adapter on 'stage1.block1.convolution1', so it cannot take parallel ones/)
  })
})

describe('convolutions are chosen', () => {
  const base = cifarResnet({ depth: 8, shortcut: 'B', inputShape: [8, 8, 3] })
  const choose = (choice: Omit<Parameters<typeof chooseConvolutions>[1], 'kind'>): readonly string[] => chooseConvolutions(base, { kind: 'parallel', ...choice })

  test('by default where the window is larger than 1 x 1, the stem included', () => {
    const blocks = [1, 2, 3].flatMap((stage) => [1, 2].map((position) => `stage${stage}.block1.convolution${position}`))
    expect(choose({})).toEqual(['stem.convolution', ...blocks])
    expect(selectConvolutions(base, ({ description }) => description['kernelSize'] === 1)).toEqual(['stage2.block1.shortcut.convolution', 'stage3.block1.shortcut.convolution'])
  })

  test('by stage, by name, and by position in a block, which leaves the stem alone', () => {
    expect(choose({ stages: ['stem', 'stage3'] })).toEqual(['stem.convolution', 'stage3.block1.convolution1', 'stage3.block1.convolution2'])
    expect(choose({ convolutions: ['stage*.block1.convolution2'], stages: ['stage2', 'stage3'] })).toEqual(['stage2.block1.convolution2', 'stage3.block1.convolution2'])
    expect(choose({ convolutions: ['stage2.block1.shortcut.*'] })).toEqual(['stage2.block1.shortcut.convolution'])
    expect(choose({ proj: '01', stages: ['stem', 'stage1'] })).toEqual(['stem.convolution', 'stage1.block1.convolution2'])
  })

  test('or not, with the nearest name', () => {
    expect(() => choose({ stages: ['stage4'] })).toThrow(/no stage 'stage4'. Did you mean 'stage[123]'/)
    expect(() => choose({ convolutions: ['stem.convolutoin'] })).toThrow(/Did you mean 'stem.convolution'/)
    expect(() => choose({ convolutions: ['stem.convolution'], stages: ['stage1'] })).toThrow(/No convolution of 'cifar-resnet8-b' is left for an adapter in stages stage1 and convolutions stem.convolution/)
    expect(() => chooseConvolutions(lenet({ classes: 3 }), { kind: 'parallel', proj: '10' })).toThrow(/has no blocks of two there/)
  })
})

test('the shortcut without weights has channels of zeros, and the gradient of the mean', () => {
  scope(() => {
    const x: Tensor = randomNormal(key, [2, 4, 6, 3])
    const shortcut = poolingShortcut(6)
    // Images to images.
    const run = (images: Tensor): Tensor => shortcut.apply({ params: {}, state: {} }, images as Images, inference).output
    const output = run(x)
    expect([...readSync(output)].filter((_value, index) => index % 6 >= 3)).toEqual(Array<number>(2 * 2 * 3 * 3).fill(0))
    const ofShortcut = grad((images: Tensor) => sum(square(run(images))))(x)
    // As above.
    const ofMean = grad((images: Tensor) => sum(square(averagePool(images as Images, { size: 2 }))))(x)
    expect(readSync(ofShortcut)).toEqual(readSync(ofMean))
  })
})

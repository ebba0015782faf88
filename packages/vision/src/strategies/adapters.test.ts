import { flattenTree, foldIn, type Network, randomKey, randomNormal, readSync, scope, type Tensor, type TensorTree, type TrainedNetwork, type TransferProgram } from '@transferkit/tensor'
import { compose, constant, l2SpPenalty, pretrain, transfer } from '@transferkit/training'
import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { chooseConvolutions } from '../adapters/choose-convolutions.js'
import { cifarResnet } from '../networks/cifar-resnet.js'
import { mobilenetV1 } from '../networks/mobilenet-v1.js'
import { parallelAdapters } from './parallel-adapters.js'
import { seriesAdapters } from './series-adapters.js'

const key = randomKey(1)

const sourceOf = (network: Network): TrainedNetwork => ({ network, variables: network.init(key, [1, ...network.inputShape]) })

const programOf = (strategy: ReturnType<typeof parallelAdapters>, source: TrainedNetwork): TransferProgram =>
  strategy.prepare({ source, task: { kind: 'classification', classes: ['a', 'b', 'c'] }, inputShape: source.network.inputShape })

const paths = (tree: TensorTree): readonly string[] => flattenTree<Tensor>(tree).map(({ path }) => path)

const resnet = (): Network => cifarResnet({ depth: 8, shortcut: 'B', inputShape: [8, 8, 3] })

describe.each([
  ['parallel', parallelAdapters],
  ['series', seriesAdapters],
] as const)('%s adapters', (kind, strategy) => {
  test('train adapters, every batch norm and the head; all else is frozen and the tensors of the source', () => {
    scope(() => {
      const source = sourceOf(resnet())
      const { params, frozen, state } = programOf(strategy(), source).init(key)
      expect(paths(params).filter((path) => !/(\.adapter\.|\.norm\d?\.|^head\.)/.test(path))).toEqual([])
      expect(paths(frozen).every((path) => path.startsWith('params.') && path.endsWith('.filter') && !path.includes('adapter'))).toBe(true)
      expect(paths(frozen)).toContain('params.stage2.block1.shortcut.convolution.filter')
      const own = new Set(flattenTree<Tensor>(source.variables.params).map(({ leaf }) => leaf.id))
      expect(flattenTree<Tensor>(frozen).every(({ leaf }) => own.has(leaf.id))).toBe(true)
      const norms = (tree: TensorTree): readonly string[] => paths(tree).filter((path) => path.endsWith('.mean'))
      expect(norms(state).length).toBe(norms(source.variables.state).length * (kind === 'series' ? 2 : 1) - (kind === 'series' ? 2 : 0))
    })
  })

  test('train everything when they are told to, for pre-training', () => {
    scope(() => {
      expect(paths(programOf(strategy({ train: 'everything' }), sourceOf(resnet())).init(key).frozen)).toEqual([])
    })
  })

  test('start with new adapters on a source that has some of the kind, and keep what is not an adapter', () => {
    scope(() => {
      const base = resnet()
      const source = sourceOf(adaptNetwork(base, { kind, convolutions: chooseConvolutions(base, { kind }) }))
      const start = new Map(flattenTree<Tensor>(programOf(strategy(), source).init(foldIn(key, 'other')).params).map(({ path, leaf }) => [path, readSync(leaf)]))
      for (const { path, leaf } of flattenTree<Tensor>(source.variables.params)) {
        const found = start.get(path)
        if (found === undefined || path.startsWith('head.')) continue
        if (path.includes('.adapter.') && path.endsWith('.filter')) expect(found).not.toEqual(readSync(leaf))
        else expect(found).toEqual(readSync(leaf))
      }
    })
  })

  test('refuse a source with adapters of the other kind', () => {
    scope(() => {
      const base = resnet()
      const other = kind === 'series' ? 'parallel' : 'series'
      const source = sourceOf(adaptNetwork(base, { kind: other, convolutions: ['stem.convolution'] }))
      expect(() => programOf(strategy(), source)).toThrow(new RegExp(`has a ${other} adapter on 'stem.convolution', so it cannot take ${kind} ones`))
    })
  })

  test('say where a stage or a convolution is misspelt', () => {
    scope(() => {
      const source = sourceOf(resnet())
      expect(() => programOf(strategy({ stages: ['stgae2'] }), source)).toThrow(/no stage 'stgae2'. Did you mean 'stage2'/)
      expect(() => programOf(strategy({ convolutions: ['stage1.block1.convolution7'] }), source)).toThrow(/Did you mean 'stage1.block1.convolution/)
    })
  })

  test('decay each parameter by its own factor, or as the official code does', () => {
    scope(() => {
      const source = sourceOf(resnet())
      const weightDecay = { shared: 2, adapters: 3, rest: 5 }
      const filter = kind === 'parallel' ? 'adapter.filter' : 'adapter.convolution.filter'
      const decays = (options: Parameters<typeof strategy>[0], path: string): number | undefined => programOf(strategy({ weightDecay, ...options }), source).parameterGroup?.(path).weightDecay
      expect(decays({}, `stem.convolution.${filter}`)).toBe(3)
      expect(decays({}, 'stem.norm.scale')).toBe(5)
      expect(decays({}, 'head.bias')).toBe(5)
      expect(decays({ train: 'everything' }, 'stem.convolution.filter')).toBe(2)
      // Batch norm in front of the first adapter keeps what was set at the start; behind it, it has the adapter's.
      expect(decays({ decayMode: 'reference', stages: ['stage2'] }, 'stem.norm.scale')).toBe(5)
      expect(decays({ decayMode: 'reference', stages: ['stage2'] }, 'stage2.block1.norm1.scale')).toBe(3)
      expect(decays({ decayMode: 'reference', stages: ['stage2'] }, 'head.weight')).toBe(3)
      // A projection is the last filter in front of its batch norm when it is trained.
      expect(decays({ decayMode: 'reference', train: 'everything' }, 'stage3.block1.shortcut.norm.scale')).toBe(2)
      if (kind === 'series') expect(decays({ decayMode: 'reference', train: 'everything' }, 'stem.convolution.adapter.norm.scale')).toBe(2)
    })
  })

  test('show how large the adapters are', () => {
    scope(() => {
      const program = programOf(strategy({ stages: ['stage1'] }), sourceOf(resnet()))
      const variables = program.init(key)
      const [magnitude] = program.inspect!(variables, randomNormal(key, [1, 8, 8, 3]), [] as never)
      expect(magnitude?.name).toBe('adapter-magnitude')
      const rows = magnitude?.series['adapter'] ?? {}
      expect(Object.keys(rows)).toEqual(['stage1.block1.convolution1', 'stage1.block1.convolution2'])
      const leaf = (tree: TensorTree, end: string): Float32Array => readSync(flattenTree<Tensor>(tree).find(({ path }) => path.endsWith(end))!.leaf)
      const norm = (values: Float32Array): number => Math.hypot(...values)
      const adapter = leaf(variables.params, kind === 'parallel' ? 'stage1.block1.convolution1.adapter.filter' : 'stage1.block1.convolution1.adapter.convolution.filter')
      expect(rows['stage1.block1.convolution1']).toBeCloseTo(norm(adapter) / norm(leaf(variables.frozen, 'stage1.block1.convolution1.filter')), 4)
    })
  })

  test('train on a depthwise network', () => {
    scope(() => {
      const source = sourceOf(mobilenetV1({ classes: 4, widthFactor: 0.25, inputShape: [32, 32, 3] }))
      const { params } = programOf(strategy(), source).init(key)
      // The stem and one depthwise convolution in each of the 13 blocks; 1 x 1 convolutions have none.
      expect(paths(params).filter((path) => path.includes('.adapter.') && path.endsWith('.filter')).length).toBe(14)
    })
  })

  test('compose with a regulariser', async () => {
    const source = await pretrain({ network: tinyNetwork(3), dataset: tinyDataset({ seed: 1, size: 24, classes: ['horizontal', 'vertical', 'falling'] }), steps: 4, batchSize: 8, schedule: constant(0.05) })
    const strategyWithPenalty = compose(strategy(), l2SpPenalty({ alpha: 0.1 }))
    expect(strategyWithPenalty.name).toBe(`${kind}-adapters+l2-sp-penalty`)
    const run = transfer({ source, target: tinyDataset({ seed: 2, size: 16 }), strategy: strategyWithPenalty, seed: 5, steps: 4, batchSize: 8, schedule: constant(0.05) })
    const penalties: number[] = []
    for await (const event of run) if (event.type === 'step-end') penalties.push(event.metrics['l2-sp-penalty'] ?? Number.NaN)
    ;(await run).release()
    source.release()
    expect(penalties.length).toBe(4)
    for (const penalty of penalties) expect(penalty).toBeGreaterThan(0)
  })
})

test('the shared part of an adapter is frozen, and that of a source with such adapters is taken over', () => {
  scope(() => {
    const plain = programOf(parallelAdapters({ rank: 2 }), sourceOf(resnet())).init(key)
    expect(paths(plain.params).filter((path) => path.includes('.shared.'))).toEqual([])
    expect(paths(plain.frozen)).toContain('params.stem.convolution.adapter.shared.filter')

    const base = resnet()
    const source = sourceOf(adaptNetwork(base, { kind: 'parallel', rank: 2, convolutions: chooseConvolutions(base, { kind: 'parallel' }) }))
    const shared = (tree: TensorTree): Tensor => flattenTree<Tensor>(tree).find(({ path }) => path.endsWith('stage2.block1.convolution1.adapter.shared.filter'))!.leaf
    expect(shared(programOf(parallelAdapters(), source).init(key).frozen).id).toBe(shared(source.variables.params).id)
    // Another rank is another shape, so that part starts anew.
    expect(shared(programOf(parallelAdapters({ rank: 3 }), source).init(key).frozen).shape).toEqual([1, 1, 16, 3])
  })
})

test('an option of the other kind is named', () => {
  // A recipe is not checked by the compiler.
  const untyped = seriesAdapters as unknown as (options: object) => unknown
  expect(() => untyped({ dropout: 0.5 })).toThrow(/'series-adapters': there is no option 'dropout'/)
  expect(() => untyped({ rank: 2 })).toThrow(/'series-adapters': there is no option 'rank'/)
  expect(() => parallelAdapters({ dropout: 1 })).toThrow(/'parallel-adapters': option 'dropout': found 1/)
})

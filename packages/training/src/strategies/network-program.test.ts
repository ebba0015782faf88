import {
  flattenLayer,
  flattenTree,
  identityLayer,
  network,
  type Network,
  type ProgramVariables,
  randomKey,
  readSync,
  release,
  reluLayer,
  replaceModules,
  scope,
  type Strategy,
  tensor,
  type Tensor,
  type TrainedNetwork,
  trainingMode,
  TransferkitError,
  type TransferProgram,
} from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { belongsTo } from '../artefact/private-trees.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { batchNormAdaptation } from './batch-norm-adaptation.js'
import { featureExtraction } from './feature-extraction.js'
import { fineTune } from './fine-tune.js'
import { partial } from './partial.js'
import { scratch } from './scratch.js'

let source: TrainedNetwork

beforeAll(() => {
  source = { network: tinyNetwork(3), variables: tinyNetwork(3).init(randomKey(1), [1, 8, 8, 1]) }
})

afterAll(() => {
  release({ params: source.variables.params, state: source.variables.state })
})

const task = { kind: 'classification', classes: ['a', 'b', 'c', 'd'] } as const

const all = ['head.bias', 'head.weight', 'stage1.convolution.filter', 'stage1.norm.offset', 'stage1.norm.scale', 'stage2.convolution.filter', 'stage2.norm.offset', 'stage2.norm.scale']
const under = (...prefixes: readonly string[]): readonly string[] => all.filter((path) => prefixes.some((prefix) => path.startsWith(prefix)))

/** Builds a target model, looks at it and frees what it owns. */
const look = <T>(strategy: Strategy, use: (variables: ProgramVariables) => T): T => {
  const variables = strategy.prepare({ source, task, inputShape: [8, 8, 1] }).init(randomKey(2))
  const isSource = belongsTo(source)
  try {
    return use(variables)
  } finally {
    release([variables.params, variables.state, variables.frozen].flatMap((tree) => flattenTree<Tensor>(tree).map(({ leaf }) => leaf)).filter((leaf) => !isSource(leaf)))
  }
}

const paths = (tree: ProgramVariables['params']): readonly string[] => flattenTree<Tensor>(tree).map(({ path }) => path)

describe('which parts are trained, and where they start', () => {
  test.each<readonly [string, () => Strategy, { readonly trained: readonly string[]; readonly fromSource: readonly string[]; readonly statistics: readonly string[] }]>([
    ['scratch', () => scratch(), { trained: all, fromSource: [], statistics: ['stage1', 'stage2'] }],
    ['feature extraction', () => featureExtraction(), { trained: under('head'), fromSource: under('stage'), statistics: [] }],
    ['fine-tuning', () => fineTune(), { trained: all, fromSource: under('stage'), statistics: ['stage1', 'stage2'] }],
    ['batch-norm adaptation', () => batchNormAdaptation(), { trained: under('head', 'stage1.norm', 'stage2.norm'), fromSource: under('stage'), statistics: ['stage1', 'stage2'] }],
    ['a frozen first stage', () => partial({ freezeFirst: 1 }), { trained: under('head', 'stage2'), fromSource: under('stage'), statistics: ['stage2'] }],
    ['a random rest', () => partial({ fineTuneFirst: 1 }), { trained: all, fromSource: under('stage1'), statistics: ['stage1', 'stage2'] }],
    ['frozen, then random', () => partial({ freezeFirst: 1, fineTuneFirst: 1 }), { trained: under('head', 'stage2'), fromSource: under('stage1'), statistics: ['stage2'] }],
    ['stages by name', () => partial({ freezeFirst: 1, stages: { stage1: 'random', stage2: 'frozen' } }), { trained: under('head', 'stage1'), fromSource: under('stage2'), statistics: ['stage1'] }],
  ])('%s', (_name, strategy, { trained, fromSource, statistics }) => {
    look(strategy(), ({ params, state, frozen }) => {
      expect(paths(params)).toEqual(trained)
      expect(paths(state)).toEqual(statistics.flatMap((stage) => [`${stage}.norm.mean`, `${stage}.norm.variance`]))
      const sources = new Set(flattenTree<Tensor>(source.variables.params).map(({ leaf }) => leaf))
      const leaves = [...flattenTree<Tensor>(params), ...flattenTree<Tensor>(frozen).map(({ path, leaf }) => ({ path: path.replace('params.', ''), leaf }))]
      expect(leaves.filter(({ leaf }) => sources.has(leaf)).map(({ path }) => path).sort()).toEqual(fromSource)
    })
  })

  test('a frozen stage stays in inference mode while the rest trains', () => {
    const strategy = partial({ freezeFirst: 1 })
    const program = strategy.prepare({ source, task, inputShape: [8, 8, 1] })
    look(strategy, (variables) =>
      scope(() => {
        const image = (factor: number): Tensor => tensor(Float32Array.from({ length: 128 }, (_, index) => factor * Math.sin(index)), [2, 8, 8, 1])
        // In inference mode an example does not feel its neighbours: a batch of other images leaves its activations alone.
        const first = program.forward(variables, image(1), trainingMode(randomKey(1)))
        expect(readSync(first.taps['stage1']!)).toEqual(readSync(program.forward(variables, image(1), { training: false }).taps['stage1']!))
        expect(readSync(first.taps['stage2']!)).not.toEqual(readSync(program.forward(variables, image(1), { training: false }).taps['stage2']!))
        expect(paths(first.state)).toEqual(['stage2.norm.mean', 'stage2.norm.variance'])
      }),
    )
  })

  test('the head learns faster where it is told to', () => {
    const program = fineTune({ headLearningRate: 10 }).prepare({ source, task, inputShape: [8, 8, 1] })
    expect([program.parameterGroup?.('head.bias'), program.parameterGroup?.('stage1.norm.scale')]).toEqual([{ learningRate: 10 }, {}])
  })

  test('batch-norm adaptation needs batch norm', () => {
    const plain: Network = network({ name: 'plain', inputShape: [2, 2, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 2 })
    expect(() => batchNormAdaptation().prepare({ source: { network: plain, variables: { params: {}, state: {} } }, task, inputShape: [2, 2, 1] })).toThrow(TransferkitError)
  })
})

describe('the frozen prefix', () => {
  const prefixOf = (strategy: Strategy, from: TrainedNetwork = source): NonNullable<TransferProgram['prefix']> | undefined => strategy.prepare({ source: from, task, inputShape: [8, 8, 1] }).prefix

  test('depends on the tensors of the frozen stages, and on no others', () => {
    look(partial({ freezeFirst: 2 }), (variables) => {
      const tensors = prefixOf(partial({ freezeFirst: 2 }))!.tensors(variables)
      expect(paths(tensors)).toEqual(['params.stage1.convolution.filter', 'params.stage1.norm.offset', 'params.stage1.norm.scale', 'state.stage1.norm.mean', 'state.stage1.norm.variance'])
    })
    expect(prefixOf(fineTune())).toBeUndefined()
  })

  test('is called by what it computes', () => {
    const name = (strategy: Strategy, from?: TrainedNetwork): string => prefixOf(strategy, from)!.identity
    expect(name(featureExtraction())).toBe(name(partial({ freezeFirst: 4 })))
    expect(name(partial({ freezeFirst: 2 }))).toMatch(/^tiny of 8x8x1: stage1, pool \([0-9a-f]{16}\)$/)
    const flat: TrainedNetwork = { ...source, network: replaceModules(source.network, (_path, module) => (module.description.kind === reluLayer().description.kind ? identityLayer() : undefined)) }
    expect(name(featureExtraction(), flat)).not.toBe(name(featureExtraction()))
    expect(name(featureExtraction(), flat).split(' (')[0]).toBe(name(featureExtraction()).split(' (')[0])
  })
})

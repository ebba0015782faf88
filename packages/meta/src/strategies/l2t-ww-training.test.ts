import { branchAt, flattenTree, type Inspection, mapTree, multiply, partitionTree, readSync, release, scope, type Tensor, type TensorTree, TransferkitError, zerosLike } from '@transferkit/tensor'
import { constant, pretrain, type PretrainedNetwork, transfer, type TransferOptions, type TransferResult } from '@transferkit/training'
import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explosionSentence } from './exploding.js'
import { l2tWw } from './l2t-ww.js'
import { replaceMeta, scattered, setting, withMeta } from './l2t-ww-setting.fixture.js'
import type { L2tWwOptions } from './l2t-ww-options.js'

const dead = 'stage1:stage1'

describe('what there is to look at', () => {
  const inspected = (options: L2tWwOptions): readonly Inspection[] => {
    const { program, inputs } = setting(options)
    const { params, state, extra } = scattered(inputs).training
    return program.inspectExtra!(extra, { params, state, frozen: {} }, inputs.batch.inputs, inputs.batch.labels)
  }
  const numbers = ({ series }: Inspection): readonly number[] => Object.values(series).flatMap((rows) => Object.values(rows))

  test('the matrix of weights, their spread, the entropy and the top channels of each pair', () => {
    scope(() => {
      const found = inspected({ where: 'sigmoid2' })
      expect(found.map(({ name }) => name)).toEqual(['lambda', 'lambda-spread', 'channel-entropy', 'top-channels'])
      const [lambda, spread, entropy, top] = found
      for (const one of [lambda!, spread!, entropy!]) expect(Object.entries(one.series).map(([source, rows]) => [source, Object.keys(rows)])).toEqual([['stage1', ['stage1', 'stage2']], ['stage2', ['stage1', 'stage2']]])
      for (const number of numbers(lambda!)) expect(number > 0 && number < 2).toBe(true)
      for (const number of numbers(entropy!)) expect(number > 0 && number < 1).toBe(true)
      expect(Math.max(...numbers(spread!))).toBeGreaterThan(0)
      expect(Object.keys(top!.series)).toEqual(['stage1:stage1', 'stage1:stage2', 'stage2:stage1', 'stage2:stage2'])
      // Five channels of the second stage, three of the first, largest first.
      for (const [pair, rows] of Object.entries(top!.series)) {
        const values = Object.values(rows)
        expect(values).toHaveLength(pair.startsWith('stage1:') ? 3 : 5)
        expect(values).toEqual([...values].sort((a, b) => b - a))
        expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 5)
      }
    })
  })

  test('at the start all channels count alike', () => {
    scope(() => {
      const { program, inputs } = setting({})
      const [, , entropy] = program.inspectExtra!(inputs.training.extra, { ...inputs.training, frozen: {} }, inputs.batch.inputs, inputs.batch.labels)
      for (const number of numbers(entropy!)) expect(number).toBeCloseTo(1, 6)
    })
  })

  test('nothing where nothing is learned', () => {
    scope(() => {
      expect(inspected({ where: 'one' }).map(({ name }) => name)).toEqual(['channel-entropy', 'top-channels'])
      expect(inspected({ what: 'uniform' }).map(({ name }) => name)).toEqual(['lambda', 'lambda-spread'])
    })
  })
})

describe('pairs whose weight stays zero', () => {
  /** Runs some steps with the first pair dead from the start, with the meta-networks as they are. */
  const still = { metaLearningRate: 0, metaWeightDecay: 0, metaGradient: 'firstOrder' } as const
  const run = (options: L2tWwOptions, steps: number): { readonly training: ReturnType<typeof setting>['inputs']['training']; readonly inspections: readonly Inspection[] } => {
    const { program, inputs } = setting({ ...still, ...options })
    let { training } = withMeta(inputs, (leaf, path) => (path === `where.${dead}.bias` ? multiply(leaf, -50) : leaf))
    for (let step = 0; step < steps; step++) ({ training } = program.step!({ ...inputs, training }))
    const { params, state, extra } = training
    return { training, inspections: program.inspectExtra!(extra, { params, state, frozen: {} }, inputs.batch.inputs, inputs.batch.labels) }
  }

  test('are dropped after the window, for good, and named with the step', () => {
    scope(() => {
      expect(run({ pruneAfter: 3 }, 2).inspections.find(({ name }) => name === 'pruned-pairs')).toBeUndefined()
      const { training, inspections } = run({ pruneAfter: 3 }, 4)
      expect(inspections.find(({ name }) => name === 'pruned-pairs')?.series).toEqual({ stage1: { stage1: 3 } })
      // Even if the meta-network comes to life again.
      const { program, inputs } = setting({ ...still, pruneAfter: 3 })
      const alive = replaceMeta(training.extra, mapTree(branchAt(training.extra, 'meta'), (leaf, path) => (path === `where.${dead}.bias` ? multiply(leaf, -1) : leaf)))
      const { metrics } = program.step!({ ...inputs, training: { ...training, extra: alive } })
      expect(readSync(metrics[`lambda ${dead}`]!)[0]).toBe(0)
    })
  })

  test('change nothing: the target is that of a training without the pair, bit for bit', () => {
    scope(() => {
      const all = run({ pruneAfter: 2 }, 4).training
      const never = run({}, 4).training
      const others = ['stage1:stage2', 'stage2:stage1', 'stage2:stage2'].map((name) => ({ source: name.split(':')[0]!, target: name.split(':')[1]! }))
      const without = run({ pairs: others }, 4).training
      const targetOf = (params: TensorTree): readonly Float32Array[] => flattenTree<Tensor>(partitionTree(params, (path) => !path.startsWith('projections.')).selected).map(({ leaf }) => readSync(leaf))
      expect(targetOf(all.params)).toHaveLength(6)
      expect(targetOf(all.params)).toEqual(targetOf(never.params))
      expect(targetOf(all.params)).toEqual(targetOf(without.params))
    })
  })
})

describe('exploding steps', () => {
  test('are named by pair and inner step', () => {
    const pairs = ['a', 'b', 'c']
    expect([0, 1].map((position) => explosionSentence(position, pairs, 2))).toEqual([undefined, undefined])
    expect([3, 6, 10, 11, 13].map((position) => explosionSentence(position, pairs, 2))).toEqual([
      "Strategy 'l2t-ww': the matching loss of the pair 'b' explodes",
      "Strategy 'l2t-ww': the inner steps explode in the pair 'b', at inner step 1 of 2,",
      "Strategy 'l2t-ww': the inner steps explode in the pair 'c', at inner step 2 of 2,",
      "Strategy 'l2t-ww': the step on the task behind the inner steps explodes",
      "Strategy 'l2t-ww': the meta-gradient of the pair 'b' explodes",
    ])
  })

  test('a pair whose weights are too large is found in the step itself', () => {
    scope(() => {
      const { program, inputs } = setting({ where: 'relu', metaGradient: 'firstOrder' })
      const { metrics } = program.step!(inputs)
      expect(program.faultOf!({ exploding: readSync(metrics['exploding']!)[0]! })).toBeUndefined()
      const wild = withMeta(inputs, (leaf, path) => (path === 'where.stage2:stage1.bias' ? multiply(leaf, 1e13) : leaf))
      const { metrics: broken } = program.step!(wild)
      expect(program.faultOf!({ exploding: readSync(broken['exploding']!)[0]! })).toMatch(/the inner steps explode in the pair 'stage2:stage1', at inner step [12] of 2/)
    })
  })
})

describe('a training', () => {
  let source: PretrainedNetwork
  const target = tinyDataset({ seed: 2, size: 16 })
  beforeAll(async () => {
    source = await pretrain({ network: tinyNetwork(2), dataset: tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] }), steps: 2, batchSize: 8 })
  })
  afterAll(() => {
    source.release()
  })
  const trained = async (options: L2tWwOptions, changes: Partial<TransferOptions> = {}): Promise<TransferResult> =>
    transfer({ source, target, strategy: l2tWw({ pairs: 'one-to-one', metaGradient: 'firstOrder', ...options }), steps: 4, batchSize: 8, inspectEvery: 1, ...changes })

  test('saves the matrix over the steps with the artefact', async () => {
    const result = await trained({})
    expect(result.inspections?.map(({ step, inspections }) => [step, inspections.map(({ name }) => name)])).toEqual([2, 4].map((step) => [step, ['lambda', 'lambda-spread', 'channel-entropy', 'top-channels']]))
    expect(new TextDecoder().decode((await result.artefact()).config)).toContain('"channel-entropy"')
    result.release()
  })

  test('that explodes stops with step and pair, and the last checkpoint is a good one', async () => {
    const saved: number[] = []
    const run = trained({ beta: 1e4, where: 'relu' }, { schedule: constant(1e3), checkpointEvery: 1, saveCheckpoint: (_bytes, step) => void saved.push(step), steps: 20 })
    const error: unknown = await run.catch((thrown: unknown) => thrown)
    expect(TransferkitError.isInstance(error) && error.code).toBe('training/not-finite')
    const [, step] = /^Strategy 'l2t-ww': .*pair 'stage\d:stage\d'.* at step (\d+),/.exec((error as Error).message) ?? [] // An error, by the line above
    expect(saved).toEqual(Array.from({ length: Number(step) - 1 }, (_, index) => index + 1))
  })

  test('on a source whose features are constant is refused', async () => {
    const zero = (tree: TensorTree): TensorTree => mapTree(tree, (leaf) => zerosLike(leaf))
    const blank = { params: zero(source.variables.params), state: zero(source.variables.state) }
    await expect(trained({}, { source: { network: source.network, variables: blank } })).rejects.toThrow(/gives the same features at its tap/)
    release(blank)
  })
})

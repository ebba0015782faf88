import { openRuntime } from '@transferkit/runtime/node'
import { type Compile, grad, randomKey, scope, type Tensor, type TensorTree, type TransferContext, zerosLike, mapTree, scalar } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { compose, fineTune } from '@transferkit/training'
import { checkedWays, testStrategy } from '@transferkit/training/testing'
import { tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { featureMatching } from './feature-matching.js'
import { l2tW } from './l2t-w.js'
import { matchingPenalty } from './matching-penalty.js'
import { between, official, type Official, penaltyInputs } from './official.fixture.js'

testStrategy({ strategy: featureMatching })
testStrategy({ strategy: l2tW })
testStrategy({ strategy: l2tW, options: { pairs: 'single', weights: { stage2: [1, 0, 0.5, 0.25, 0, 0] } } })

interface Hyperparameters {
  readonly beta: number
  readonly pairs: readonly (readonly [source: number, target: number])[]
}

const named = ([source, target]: readonly [number, number]): { readonly source: string; readonly target: string } => ({ source: `tap${source}`, target: `tap${target}` })

/** The official projections under our names of pairs. */
const projections = ({ hyperparameters, ours }: Official<Hyperparameters>, prefix = 'branch/'): Readonly<Record<string, { readonly filter: Tensor; readonly bias: Tensor }>> =>
  Object.fromEntries(
    hyperparameters.pairs.map((pair, index) => {
      const { source, target } = named(pair)
      return [`${source}:${target}`, { filter: ours(`${prefix}${index}.weight`), bias: ours(`${prefix}${index}.bias`) }]
    }),
  )

interface Trained {
  readonly target: Readonly<Record<string, Tensor>>
  readonly own: ReturnType<typeof projections>
}

const expectGradients = (compile: Compile, fixture: Official<Hyperparameters>, penalty: (trained: Trained) => ReturnType<typeof scalar>): void => {
  const { hyperparameters, ours, tolerance, indices, taps, scalars } = fixture
  const trained: Trained = { target: taps('target/'), own: projections(fixture) }
  const [loss = 0, relative = 0, absolute = 0] = scalars['loss'] ?? []
  const tree = trained as unknown as TensorTree
  // A tree of tensors under two names.
  const lossOf = (given: TensorTree): ReturnType<typeof scalar> => penalty(given as unknown as Trained)
  expectClose(compile(lossOf)(tree), [loss], { relative, absolute })
  const gradient = compile(grad(lossOf))(tree) as unknown as Trained
  for (const index of indices('target/')) expectClose(gradient.target[`tap${index}`]!, ours(`grad/target/${index}`), tolerance(`grad/target/${index}`))
  hyperparameters.pairs.forEach((pair, index) => {
    const { source, target } = named(pair)
    const own = gradient.own[`${source}:${target}`]!
    expectClose(own.filter, ours(`grad/branch/${index}.weight`), tolerance(`grad/branch/${index}.weight`))
    expectClose(own.bias, ours(`grad/branch/${index}.bias`), tolerance(`grad/branch/${index}.bias`))
  })
}

describe.each(checkedWays(() => openRuntime({ backend: 'native' })))('feature matching agrees with the official code, $way', ({ run }) => {
  test('with equal weights: loss, gradients in the target and in the projections', ({ skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const fixture = official<Hyperparameters>('feature-matching')
        const { hyperparameters, taps } = fixture
        const source = taps('source/')
        const { context, structure } = between(source, taps('target/'))
        const term = featureMatching({ pairs: hyperparameters.pairs.map(named), beta: hyperparameters.beta }).prepare(context, structure)
        expectGradients(compile, fixture, ({ target, own }) => term.penalty(penaltyInputs(source, target, { ownParams: own })))
      })
    }))

  test('with given weights of every example', ({ skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const fixture = official<Hyperparameters>('l2t-w')
        const { hyperparameters, ours, taps } = fixture
        const source = taps('source/')
        const shapeOf = (values: Tensor | undefined): readonly number[] => values?.shape.slice(1) ?? []
        const pairs = hyperparameters.pairs.map((pair) => {
          const both = named(pair)
          return { ...both, name: `${both.source}:${both.target}`, sourceShape: shapeOf(source[both.source]), targetShape: shapeOf(taps('target/')[both.target]) }
        })
        expectGradients(compile, fixture, ({ target, own }) =>
          matchingPenalty(penaltyInputs(source, target), { pairs, beta: hyperparameters.beta, projections: own, weights: (pair) => ours(`w/${pairs.indexOf(pair)}`) }),
        )
      })
    }))
})

describe('L2T-w', () => {
  const context: TransferContext = scope(() => ({
    source: { network: tinyNetwork(3), variables: tinyNetwork(3).init(randomKey(1), [1, 8, 8, 1]) },
    task: { kind: 'classification', classes: ['a', 'b'] },
    inputShape: [8, 8, 1],
  }))
  const prepared = (options?: Parameters<typeof l2tW>[0]): ReturnType<ReturnType<typeof l2tW>['prepare']> => l2tW(options).prepare(context, fineTune().prepare(context))

  test('begins as feature matching, and equals it with given weights of 1 / channels', () => {
    scope(() => {
      const fixture = official<Hyperparameters>('feature-matching')
      const { hyperparameters, taps, scalars } = fixture
      const [source, target] = [taps('source/'), taps('target/')]
      const { context: given, structure } = between(source, target)
      const pairs = hyperparameters.pairs.map(named)
      for (const weights of ['learned', { tap0: new Array<number>(6).fill(1 / 6), tap1: new Array<number>(8).fill(1 / 8) }] as const) {
        const term = l2tW({ pairs, weights }).prepare(given, structure)
        // What it makes has its projections under this name.
        const own = term.init?.(randomKey(1)) as Readonly<Record<string, TensorTree>>
        const value = term.penalty(penaltyInputs(source, target, { ownParams: { ...own, projections: projections(fixture) } }))
        expectClose(value, [scalars['loss']?.[0] ?? 0], { relative: 1e-5 })
      }
    })
  })

  test('given weights must fit the pairs', () => {
    const pairs = ['stage1', 'stage2'].map((tap) => ({ source: tap, target: tap }))
    expect(() => prepared({ pairs, weights: { stag1: [1] } })).toThrow("no pair has the source tap 'stag1'. Did you mean 'stage1'? The source taps of the pairs are: stage1, stage2.")
    expect(() => prepared({ pairs, weights: { stage1: [1, 2] } })).toThrow("the source tap 'stage1' has 4 channels, but 2 weights are given for it.")
    expect(() => prepared({ pairs: 'single', weights: {} })).toThrow("the source tap 'stage2' has 6 channels, but no weights are given for it.")
    expect(() => l2tW({ weights: { stage1: [-1] } })).toThrow("Strategy 'l2t-w': option 'weights.stage1.0': found -1.")
  })

  test('pairs with taps that are not there are refused, with the nearest one', () => {
    expect(() => prepared({ pairs: [{ source: 'stage1', target: 'stag2' }] })).toThrow("Did you mean 'stage2'?")
    expect(() => prepared({ pairs: [] })).toThrow('the list of pairs is empty')
    // A misspelt rule, as in a recipe.
    expect(() => l2tW({ pairs: 'one-to-many' as 'single' })).toThrow("Write 'single', 'one-to-one', 'all-to-all'")
  })

  test('a source whose features are constant is refused by the name of the tap', () => {
    scope(() => {
      const params = mapTree(context.source.variables.params, (leaf, path) => (path.startsWith('stage2.convolution') ? zerosLike(leaf) : leaf))
      const broken = { ...context, source: { ...context.source, variables: { ...context.source.variables, params } } }
      expect(() => featureMatching().prepare(broken, fineTune().prepare(context))).toThrow("Strategy 'feature-matching': the source 'tiny' gives the same features at its tap 'stage2'")
      expect(() => featureMatching({ pairs: [{ source: 'stage1', target: 'stage1' }] }).prepare(broken, fineTune().prepare(context))).not.toThrow()
    })
  })

  test('own parameters are dropped from the trained model', () => {
    scope(() => {
      const program = compose(fineTune(), l2tW(), featureMatching()).prepare(context)
      const variables = program.init(randomKey(1))
      expect(Object.keys(variables.params)).toContain('regularisers')
      expect(Object.keys(program.publish?.(variables).params ?? {})).not.toContain('regularisers')
    })
  })
})

import {
  add,
  branchAt,
  convolutionLayer,
  flattenTree,
  globalAveragePoolLayer,
  inference,
  integerTensor,
  item,
  layer,
  mapTree,
  mean,
  multiply,
  network,
  type Network,
  randomKey,
  randomNormal,
  readSync,
  type Scalar,
  scalar,
  scope,
  sequential,
  softmaxCrossEntropy,
  softplus,
  type StepInputs,
  sum,
  tanh,
  type Tensor,
  type TensorTree,
  type TransferContext,
  valueAndGrad,
  zeros,
} from '@transferkit/tensor'
import { closeTo, expectClose } from '@transferkit/tensor/testing'
import { sgd, trainingStep } from '@transferkit/training'
import { testStrategy, tinyNetwork } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import type { MetaGradientForm } from '../bilevel/meta-gradient.js'
import { unroll } from '../bilevel/unroll.js'
import { featureDistance, featureMaps } from '../matching/feature-distance.js'
import { project } from '../matching/projection.js'
import { matchingLoss, pairWeights, sourceFeatures } from '../matching/weighted-matching.js'
import { defineL2tWw, iterationSettings, l2tWw } from './l2t-ww.js'
import { type Iteration, iterationProblem, type IterationSettings, l2tWwIteration } from './l2t-ww-iteration.js'
import { type L2tWwOptions, l2tWwOptions } from './l2t-ww-options.js'

testStrategy({ strategy: l2tWw, options: { metaLearningRate: 0.01, pairs: 'one-to-one' } })

/** Two stages of convolution and tanh: smooth, so that differences of the loss mean something. */
const smooth = (widths: readonly [number, number], classes: number): Network => {
  const stage = (channels: number, strides: number): ReturnType<typeof sequential> =>
    sequential({ convolution: convolutionLayer({ channels, kernelSize: 3, strides, padding: 1, bias: true }), tanh: layer({ description: { kind: 'tanh' }, apply: (_variables, x: Tensor) => ({ output: tanh(x) }) }) })
  return network({
    name: 'smooth',
    inputShape: [6, 6, 2],
    stages: [{ name: 'stage1', module: stage(widths[0], 1) }, { name: 'stage2', module: stage(widths[1], 2) }, { name: 'pooled', module: globalAveragePoolLayer() }],
    classes,
  })
}

/** A random source, a target of other widths, and a batch. */
const setting = (given: L2tWwOptions, source = smooth([3, 5], 4), target = smooth([4, 6], 3)): { readonly settings: IterationSettings; readonly inputs: StepInputs } => {
  const context: TransferContext = {
    source: { network: source, variables: source.init(randomKey(1), [1, ...source.inputShape]) },
    task: { kind: 'classification', classes: ['a', 'b', 'c'] },
    inputShape: source.inputShape,
  }
  const options = { target: 'target', ...given }
  const definition = defineL2tWw({ networks: { target: () => target } })
  const program = definition(options).prepare(context)
  const { params, state } = program.init(randomKey(2))
  const optimiser = sgd({ momentum: 0.9, weightDecay: 0.01 })
  // Momentum that is not zero.
  const memory = optimiser.update(mapTree(params, (leaf, path) => randomNormal(randomKey(path.length), leaf.shape, 0, 0.02)), optimiser.init(params), params, { learningRate: scalar(0) }).state
  return {
    settings: iterationSettings({ target: () => target }, context, l2tWwOptions.parse(options)),
    inputs: {
      training: { params, state, optimiser: memory, extra: program.initExtra?.(randomKey(3), params) ?? {} },
      frozen: {},
      batch: { inputs: randomNormal(randomKey(4), [6, ...source.inputShape]), labels: integerTensor([0, 1, 2, 0, 1, 2], [6]) },
      key: randomKey(5),
      progress: scalar(0),
      optimiser,
      learningRate: scalar(0.3),
    },
  }
}

const metaOf = ({ training }: StepInputs): TensorTree => branchAt(training.extra, 'meta')

const withMeta = (inputs: StepInputs, change: (leaf: Tensor, path: string) => Tensor): StepInputs => ({
  ...inputs,
  training: { ...inputs.training, extra: { meta: mapTree(metaOf(inputs), change), optimiser: branchAt(inputs.training.extra, 'optimiser') } },
})

/** Meta-networks that say something else for every pair and example. */
const scattered = (inputs: StepInputs): StepInputs => withMeta(inputs, (leaf, path) => randomNormal(randomKey(path.length + leaf.size), leaf.shape, path.endsWith('bias') ? 0.5 : 0, 0.5))

const sourceOf = ({ source, matching }: IterationSettings, { batch }: StepInputs): ReturnType<typeof sourceFeatures> =>
  sourceFeatures(matching.pairs, source.network.apply(source.variables, batch.inputs, inference).taps)

describe('weights', () => {
  test('at the start w is exactly uniform, and with λ = 1 the loss is that of feature matching', () => {
    scope(() => {
      const { settings, inputs } = setting({ where: 'one' })
      const features = sourceOf(settings, inputs)
      const weights = pairWeights(settings.matching, features, metaOf(inputs))
      settings.matching.pairs.forEach(({ sourceShape }, index) => {
        const channels = sourceShape.at(-1) ?? 0
        expect(new Set(readSync(weights[index]!.what))).toEqual(new Set([Math.fround(1 / channels)]))
      })
      const { params, state } = inputs.training
      const { taps } = settings.network.apply({ params, state }, inputs.batch.inputs, inference)
      const projections = branchAt(params, 'projections')
      const { loss } = matchingLoss(settings.matching, features, taps, projections, weights)
      const plain = settings.matching.pairs.reduce((total, { name, target }, index) => total + item(mean(featureDistance(features[index]!.maps, project(branchAt(projections, name), featureMaps(taps[target]!))))), 0)
      expectClose(loss, [0.5 * plain], { absolute: 1e-6, relative: 0 })
    })
  })

  test.each(l2tWwOptions.shape.where.unwrap().options)('where %s: w is a distribution and λ stays in its range', (where) => {
    scope(() => {
      const { settings, inputs } = setting({ where })
      const moved = withMeta(inputs, (leaf, path) => randomNormal(randomKey(path.length), leaf.shape, 0, 3))
      for (const { what, where: lambda } of pairWeights(settings.matching, sourceOf(settings, moved), metaOf(moved))) {
        expect(Math.min(...readSync(what))).toBeGreaterThanOrEqual(0)
        expectClose(sum(what, [1]), Array.from({ length: what.shape[0] ?? 0 }, () => 1))
        const values = readSync(lambda)
        expect(values).toHaveLength(6)
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
        if (where === 'relu6') expect(Math.max(...values)).toBeLessThanOrEqual(6)
        if (where === 'sigmoid2' || where === 'tanh+1') expect(Math.max(...values)).toBeLessThanOrEqual(2)
        if (where === 'one') expect(new Set(values)).toEqual(new Set([1]))
      }
    })
  })

  test('a constant λ reads nothing: softplus(10 p)', () => {
    scope(() => {
      const { settings, inputs } = setting({ where: 'constant' })
      const moved = withMeta(inputs, (leaf, path) => (path.startsWith('where') ? add(leaf, 0.1) : leaf))
      for (const { where } of pairWeights(settings.matching, sourceOf(settings, moved), metaOf(moved))) expectClose(where, Array.from({ length: 6 }, () => item(softplus(scalar(1)))))
    })
  })

  test('where the projected target equals the source, loss and gradient are 0', () => {
    scope(() => {
      const { settings, inputs } = setting({})
      const features = sourceOf(settings, inputs)
      const { pairs } = settings.matching
      const projections = mapTree(branchAt(inputs.training.params, 'projections'), (leaf) => zeros(leaf.shape))
      const matched = features.map(({ maps, pooled }) => ({ maps: zeros(maps.shape), pooled }))
      const { params, state } = inputs.training
      const { value, gradient } = valueAndGrad((point: TensorTree): Scalar => {
        const { taps } = settings.network.apply({ params: point, state }, inputs.batch.inputs, inference)
        return matchingLoss(settings.matching, matched, taps, projections, pairWeights(settings.matching, features, metaOf(inputs))).loss
      })(params)
      expect(pairs.length).toBe(4)
      expect(item(value)).toBe(0)
      for (const { leaf } of flattenTree<Tensor>(gradient)) expect(Math.max(...readSync(leaf).map(Math.abs))).toBe(0)
    })
  })
})

/** Norm of the difference of two trees over that of the second. */
const distance = (left: TensorTree, right: TensorTree): number => {
  const [a, b] = [left, right].map((tree) => flattenTree<Tensor>(tree).flatMap(({ leaf }) => [...readSync(leaf)]))
  const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((total, value) => total + value * value, 0))
  return norm(a!.map((value, index) => value - (b![index] ?? 0))) / norm(b!)
}

describe('the meta-gradient', () => {
  const found = (form: MetaGradientForm, steps: number): Iteration => {
    const { settings, inputs } = setting({ innerSteps: steps, metaGradient: form, where: 'softplus' })
    return l2tWwIteration(settings, scattered(inputs))
  }

  test.each([1, 2])('T = %i: agrees with central differences of the whole unroll', (innerSteps) => {
    scope(() => {
      const { settings, inputs } = setting({ innerSteps, metaGradient: 'exact', where: 'softplus', beta: 2 })
      const base = scattered(inputs)
      const { meta, training } = l2tWwIteration(settings, base)
      // The regular step depends on φ too, but what is differentiated begins at its end.
      const problem = iterationProblem(settings, base, training.state)
      const start = { params: training.params, memory: training.optimiser }
      const objectiveAt = (path: string, direction: Tensor, step: number): number =>
        scope(() => {
          const moved = mapTree(metaOf(base), (leaf, at) => (at === path ? add(leaf, multiply(direction, step)) : leaf))
          return item(problem.outer(unroll(problem, start, moved).last.params, moved))
        })
      for (const { path, leaf } of flattenTree<Tensor>(meta.gradient)) {
        const norm = Math.sqrt(readSync(leaf).reduce((total, value) => total + value * value, 0))
        const direction = multiply(leaf, 1 / norm)
        const slope = (objectiveAt(path, direction, 0.1) - objectiveAt(path, direction, -0.1)) / 0.2
        expect(Math.abs(slope - norm) / norm, path).toBeLessThan(5e-2)
      }
    })
  })

  test.each([1, 2, 3])('T = %i: exact and finite differences agree', (steps) => {
    scope(() => {
      expect(distance(found('finiteDifference', steps).meta.gradient, found('exact', steps).meta.gradient)).toBeLessThan(1e-2)
    })
  })

  test('first order leaves the Hessian out: close, and not the same', () => {
    scope(() => {
      const [first, exact] = [found('firstOrder', 2).meta.gradient, found('exact', 2).meta.gradient]
      expect(distance(first, exact)).toBeGreaterThan(1e-3)
      expect(distance(first, exact)).toBeLessThan(1)
    })
  })

  test('T = 0 gives exactly zero', () => {
    scope(() => {
      for (const form of ['exact', 'finiteDifference', 'firstOrder'] as const) {
        for (const { leaf } of flattenTree<Tensor>(found(form, 0).meta.gradient)) expect(Math.max(...readSync(leaf).map(Math.abs))).toBe(0)
      }
    })
  })

  test.each([
    ['dead', -50, 0],
    ['saturated', 50, 6],
  ])('a %s pair has a constant λ and exactly no gradient in its where-network', (_what, bias, lambda) => {
    scope(() => {
      const { settings, inputs } = setting({ metaGradient: 'exact' })
      const [{ name } = { name: '' }] = settings.matching.pairs
      const moved = withMeta(inputs, (leaf, path) => (path === `where.${name}.bias` ? mapTree(leaf, () => multiply(leaf, bias)) : leaf))
      const { weights, meta, pairLosses } = l2tWwIteration(settings, moved)
      expect(new Set(readSync(weights[0]!.where))).toEqual(new Set([lambda]))
      for (const part of ['weight', 'bias']) expect(Math.max(...readSync(branchAt(meta.gradient, `where.${name}.${part}`) as Tensor).map(Math.abs))).toBe(0) // A leaf
      if (lambda === 0) expect(item(pairLosses[name]!)).toBe(0)
    })
  })
})

describe('the roll-back', () => {
  test('after an iteration everything but φ is as after the regular step alone, bit for bit', () => {
    scope(() => {
      const { settings, inputs } = setting({ statistics: 'rolledBack', metaLearningRate: 0.1 }, tinyNetwork(4), tinyNetwork(3))
      const { training, metrics } = l2tWwIteration(settings, inputs)
      const weights = pairWeights(settings.matching, sourceOf(settings, inputs), metaOf(inputs))
      const features = sourceOf(settings, inputs)
      const regular = trainingStep({
        init: () => ({ params: {}, state: {}, frozen: {} }),
        forward: () => ({ logits: zeros([1, 1]), taps: {}, state: {} }),
        loss: ({ variables: { params, state }, batch, key }) => {
          const applied = settings.network.apply({ params, state }, batch.inputs, { training: true, key })
          const losses: Tensor = softmaxCrossEntropy(applied.output, batch.labels)
          const { loss } = matchingLoss(settings.matching, features, applied.taps, branchAt(params, 'projections'), weights)
          return { loss: add(mean(losses), loss), state: applied.state, logits: applied.output, taps: applied.taps, metrics: {} }
        },
      })(inputs)
      for (const part of ['params', 'state', 'optimiser'] as const) {
        const expected = flattenTree<Tensor>(regular.training[part])
        expect(expected.length).toBeGreaterThan(0)
        expected.forEach(({ path, leaf }, index) => {
          const found = flattenTree<Tensor>(training[part])[index]!
          expect(found.path).toBe(path)
          expect(readSync(found.leaf)).toEqual(readSync(leaf))
        })
      }
      expect(closeTo(metrics['loss']!, regular.metrics['loss']!, { absolute: 0, relative: 0 })).toBe(true)
      expect(distance(branchAt(training.extra, 'meta'), metaOf(inputs))).toBeGreaterThan(0)
    })
  })

  test('as in the official code, the statistics have one more update unless told otherwise', () => {
    scope(() => {
      const states = (['reference', 'rolledBack'] as const).map((statistics) => {
        const { settings, inputs } = setting({ statistics }, tinyNetwork(4), tinyNetwork(3))
        return l2tWwIteration(settings, inputs).training.state
      })
      expect(distance(states[0]!, states[1]!)).toBeGreaterThan(1e-3)
    })
  })
})

import { add, branchAt, flattenTree, inference, item, mapTree, mean, multiply, randomKey, randomNormal, readSync, type Scalar, scalar, scope, softmaxCrossEntropy, softplus, sum, type Tensor, type TensorTree, valueAndGrad, zeros } from '@transferkit/tensor'
import { closeTo, expectClose } from '@transferkit/tensor/testing'
import { trainingStep } from '@transferkit/training'
import { tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import type { MetaGradientForm } from '../bilevel/meta-gradient.js'
import { unroll } from '../bilevel/unroll.js'
import { featureDistance, featureMaps } from '../matching/feature-distance.js'
import { project } from '../matching/projection.js'
import { matchingLoss, pairWeights } from '../matching/weighted-matching.js'
import { type Iteration, iterationProblem, l2tWwIteration } from './l2t-ww-iteration.js'
import { l2tWwOptions } from './l2t-ww-options.js'
import { distance, metaOf, scattered, setting, sourceOf, withMeta } from './l2t-ww-setting.fixture.js'

/** The properties that the method must have on every backend. Call it at the top of a test file, or inside a `describe` that opens a backend. */
export const testProperties = (): void => {
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

  describe('what is left when the training is over', () => {
    test('without source, meta-networks and projections the scores are the same, bit for bit', () => {
      scope(() => {
        const { program, inputs } = setting({}, tinyNetwork(4), tinyNetwork(3))
        const { training } = program.step!(inputs)
        const variables = { params: training.params, state: training.state, frozen: {} }
        const published = program.publish!(variables)
        expect(flattenTree<Tensor>({ ...published }).filter(({ path }) => path.includes('projections'))).toEqual([])
        const { network, variables: plain } = program.fold!(published)
        const trained = readSync(program.forward(variables, inputs.batch.inputs, inference).logits)
        expect(readSync(program.forward(published, inputs.batch.inputs, inference).logits)).toEqual(trained)
        expect(readSync(network.apply(plain, inputs.batch.inputs, inference).output)).toEqual(trained)
      })
    })
  })
}

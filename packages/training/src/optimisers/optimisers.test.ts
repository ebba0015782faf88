import { readFileSync } from 'node:fs'
import { type Optimiser, release, scalar, scope, subtree, tensor, type Tensor, type TensorTree } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { cosine } from '../schedules/schedule.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { scaleByAdam } from './adam-moments.js'
import { adam, adamW } from './adam.js'
import { clipByGlobalNorm, clipByValue } from './clip.js'
import { addDecayedWeights } from './decay.js'
import { gradientDescent } from './gradient-descent.js'
import { scaleByMomentum } from './momentum.js'
import { combineGroups, layerwiseLearningRateDecay, withParameterGroups } from './parameter-groups.js'
import { sgd } from './sgd.js'
import { chain } from './transform.js'

interface Fixture {
  readonly shape: readonly number[]
  readonly start: readonly number[]
  readonly gradients: readonly (readonly number[])[]
  readonly learningRates: readonly number[]
  readonly trajectories: Readonly<Record<string, readonly (readonly number[])[]>>
  readonly clipped: { readonly norm: number; readonly trajectory: readonly (readonly number[])[] }
  readonly cosine: { readonly total: number; readonly peak: number; readonly final: number; readonly values: readonly number[] }
}

const pytorch = JSON.parse(readFileSync(new URL('../../fixtures/optimisers.json', import.meta.url), 'utf8')) as Fixture

/** Parameters after each step, with the gradients and rates of the fixture. */
const follow = (optimiser: Optimiser): readonly Tensor[] => {
  let params: TensorTree = { weight: tensor(pytorch.start, pytorch.shape) }
  let state = optimiser.init(params)
  return pytorch.gradients.map((gradient, step) => {
    const result = optimiser.update({ weight: tensor(gradient, pytorch.shape) }, state, params, { learningRate: scalar(pytorch.learningRates[step]!) })
    ;({ params, state } = result)
    return subtree<Tensor>(params, 'weight') as Tensor
  })
}

const expectTrajectory = (optimiser: Optimiser, expected: readonly (readonly number[])[]): void => {
  scope(() => {
    follow(optimiser).forEach((params, step) => expectClose(params, expected[step]!, { absolute: 2e-6, relative: 1e-5 }))
  })
}

describe('optimisers agree with PyTorch', () => {
  test.each<readonly [string, Optimiser]>([
    ['sgd', sgd()],
    ['sgd-momentum-decay', sgd({ momentum: 0.9, weightDecay: 5e-2 })],
    ['sgd-nesterov', sgd({ momentum: 0.9, nesterov: true, weightDecay: 5e-2 })],
    ['adam', adam()],
    ['adam-decay', adam({ firstDecay: 0.8, secondDecay: 0.95, epsilon: 1e-3, weightDecay: 0.1 })],
    ['adamw', adamW()],
    ['adamw-decay', adamW({ weightDecay: 0.3 })],
  ])('%s', (name, optimiser) => {
    expectTrajectory(optimiser, pytorch.trajectories[name]!)
  })

  test('clipping by the global norm', () => {
    expectTrajectory(gradientDescent(chain(clipByGlobalNorm(pytorch.clipped.norm), scaleByMomentum({ momentum: 0.9 }))), pytorch.clipped.trajectory)
  })

  test('the cosine schedule', () => {
    const { total, peak, final, values } = pytorch.cosine
    const schedule = cosine(peak, { final })
    expectClose(values.map((_, step) => schedule(step, total)), values, { absolute: 1e-12, relative: 1e-9 })
  })
})

/** Parameters after one step with gradients of 1. */
const once = (optimiser: Optimiser, params: TensorTree, learningRate = 0.1): TensorTree => {
  const ones = scope(() => optimiser.update(mapOnes(params), optimiser.init(params), params, { learningRate: scalar(learningRate) }).params)
  return ones
}

const mapOnes = (tree: TensorTree): TensorTree =>
  Object.fromEntries(Object.entries(tree as Record<string, TensorTree>).map(([name, branch]) => [name, 'dtype' in branch ? tensor([1], [1]) : mapOnes(branch)]))

const at = (tree: TensorTree, path: string): Tensor => subtree<Tensor>(tree, path) as Tensor

describe('parts of optimisers', () => {
  test('decoupled decay of SGD bypasses momentum', () => {
    scope(() => {
      const optimiser = sgd({ momentum: 0.5, decoupledWeightDecay: 0.1 })
      const params = { weight: tensor([2], [1]) }
      const first = optimiser.update({ weight: tensor([1], [1]) }, optimiser.init(params), params, { learningRate: scalar(0.1) })
      expectClose(at(first.params, 'weight'), [2 - 0.1 * (1 + 0.2)])
      const second = optimiser.update({ weight: tensor([1], [1]) }, first.state, first.params, { learningRate: scalar(0.1) })
      expectClose(at(second.params, 'weight'), [1.88 - 0.1 * (1.5 + 0.188)])
    })
  })

  test('clipping by value limits every element', () => {
    scope(() => {
      const { updates } = clipByValue(0.5).update({ a: tensor([-2, 0.2, 3], [3]) }, {}, { params: {}, learningRate: scalar(1), group: () => ({ learningRate: 1, weightDecay: 1 }) })
      expectClose(at(updates, 'a'), [-0.5, 0.2, 0.5])
    })
  })

  test('a global norm below the limit changes nothing, and no gradients are none to clip', () => {
    scope(() => {
      const context = { params: {}, learningRate: scalar(1), group: () => ({ learningRate: 1, weightDecay: 1 }) }
      expectClose(at(clipByGlobalNorm(10).update({ a: tensor([3, 4], [2]) }, {}, context).updates, 'a'), [3, 4])
      expectClose(at(clipByGlobalNorm(1).update({ a: tensor([3], [1]), b: tensor([4], [1]) }, {}, context).updates, 'b'), [0.8])
      expect(clipByGlobalNorm(1).update({}, {}, context).updates).toEqual({})
    })
  })

  test('memory that was saved without its empty branches still fits', () => {
    scope(() => {
      const optimiser = gradientDescent(chain(clipByValue(1), scaleByMomentum({ momentum: 0.9 }), addDecayedWeights(0.1), scaleByAdam()))
      const params = { weight: tensor([1], [1]) }
      const state = optimiser.init(params) as Record<string, TensorTree>
      const gradient = { weight: tensor([0.5], [1]) }
      const whole = optimiser.update(gradient, state, params, { learningRate: scalar(0.1) })
      const partial = optimiser.update(gradient, { '1': state['1']!, '3': state['3']! }, params, { learningRate: scalar(0.1) })
      expectClose(at(partial.params, 'weight'), at(whole.params, 'weight'), { absolute: 0, relative: 0 })
    })
  })
})

describe('parameter groups', () => {
  const params = (): TensorTree => ({ body: { weight: tensor([1], [1]) }, head: { weight: tensor([1], [1]), bias: tensor([1], [1]) } })

  test('factors apply by path, and multiply', () => {
    const optimiser = withParameterGroups(
      withParameterGroups(sgd({ weightDecay: 0.5 }), (path) => (path.startsWith('head.') ? { learningRate: 10 } : {})),
      (path) => (path === 'head.bias' ? { learningRate: 2, weightDecay: 0 } : {}),
    )
    const start = params()
    const after = once(optimiser, start, 0.01)
    expectClose(at(after, 'body.weight'), [1 - 0.01 * 1.5])
    expectClose(at(after, 'head.weight'), [1 - 0.1 * 1.5])
    expectClose(at(after, 'head.bias'), [1 - 0.2 * 1])
    release({ start, after })
  })

  test('a factor of 0 leaves a parameter as it is', () => {
    const start = params()
    const after = once(withParameterGroups(sgd({ weightDecay: 0.5 }), (path) => (path.startsWith('body') ? { learningRate: 0 } : {})), start)
    expect(at(after, 'body.weight')).toBe(at(start, 'body.weight'))
    release({ start, after })
  })

  test('layer-wise decay falls from the head down', () => {
    const groupOf = layerwiseLearningRateDecay(tinyNetwork(2), 0.5)
    expect(['head.bias', 'pooled.x', 'stage2.convolution.filter', 'stage1.convolution.filter'].map((path) => groupOf(path).learningRate ?? 1)).toEqual([1, 0.5, 0.25, 0.0625])
    expect(combineGroups(groupOf, () => ({ learningRate: 4, weightDecay: 0 }))('stage2.norm.scale')).toEqual({ learningRate: 1, weightDecay: 0 })
  })
})

import { readFileSync } from 'node:fs'
import {
  item,
  type PenaltyInputs,
  type Scalar,
  scope,
  subtree,
  tensor,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  type TransferProgram,
  unflattenTree,
  valueAndGrad,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { floatsOf } from '../safetensors/entry.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { l2SpPenalty } from './l2-sp.js'

const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url))
const expected = JSON.parse(fixture('l2sp.json').toString()) as { hyperparameters: { alpha: number; beta: number }; scalars: { total: { value: number } } }
const { entries } = readSafetensors(fixture('l2sp.safetensors'), 'l2sp.safetensors')

/** Tensors of a group of the fixture. The penalty does not mind the layout, so that none is changed. */
const group = (prefix: string, rename: (name: string) => string): TensorTree =>
  unflattenTree<Tensor>(entries.filter(({ name }) => name.startsWith(prefix)).map((entry) => ({ path: rename(entry.name.slice(prefix.length)), leaf: tensor(floatsOf(entry), entry.shape) })))

const penaltyOf = (source: TensorTree): ((params: TensorTree) => Scalar) => {
  const { alpha, beta } = expected.hyperparameters
  const trained: TrainedNetwork = { network: tinyNetwork(4), variables: { params: source, state: {} } }
  const context = { source: trained, task: { kind: 'classification', classes: ['a'] }, inputShape: [8, 8, 1] } as const
  const program = l2SpPenalty({ alpha, beta }).prepare(context, {} as TransferProgram)
  return (params) => program.penalty({ params } as PenaltyInputs)
}

describe('the L2-SP penalty', () => {
  test('agrees with the public implementation, value and gradient', () => {
    scope(() => {
      const params = { ...(group('target/', (name) => name) as object), head: group('head/', (name) => name) } as TensorTree
      const { value, gradient } = valueAndGrad(penaltyOf(group('source/', (name) => name)))(params)
      expectClose(value, [expected.scalars.total.value], { absolute: 1e-6, relative: 1e-4 })
      for (const entry of entries.filter(({ name }) => name.startsWith('grad/'))) {
        const path = entry.name.replace('grad/target/', '').replace('grad/head/', 'head.')
        expectClose(subtree<Tensor>(gradient, path) as Tensor, floatsOf(entry), { absolute: 5e-7, relative: 1e-4 })
      }
    })
  })

  test('a head of the source is no starting point, and neither is a tensor of another shape', () => {
    scope(() => {
      const source = { head: { bias: tensor([5], [1]) }, other: tensor([5], [1]) }
      expect(item(penaltyOf(source)({ head: { bias: tensor([2], [1]) }, other: tensor([1, 1], [2]) }))).toBeCloseTo((expected.hyperparameters.beta / 2) * (4 + 2), 6)
    })
  })

  test('leaves alone what a structure adds, such as gates', () => {
    scope(() => {
      const source = { layer: { weight: tensor([5], [1]) } }
      const without = penaltyOf(source)({ layer: { weight: tensor([2], [1]) } })
      const withGates = penaltyOf(source)({ layer: { weight: tensor([2], [1]) }, gate: { bias: tensor([7], [1]) }, clones: { layer: { weight: tensor([7], [1]) } } })
      expect(item(withGates)).toBe(item(without))
    })
  })

  test("turns the optimiser's own decay off for what it pulls, and only for that", () => {
    scope(() => {
      const variables = { params: { layer: { weight: tensor([5], [1]) } }, state: {} }
      const context = { source: { network: tinyNetwork(2), variables }, task: { kind: 'classification', classes: [] }, inputShape: [] } as const
      const groupOf = (path: string): unknown => l2SpPenalty().prepare(context, {} as TransferProgram).parameterGroup?.(path)
      expect(groupOf('layer.weight')).toEqual({ weightDecay: 0 })
      expect(groupOf('head.bias')).toEqual({ weightDecay: 0 })
      expect(groupOf('gate.weight')).toEqual({})
    })
  })
})

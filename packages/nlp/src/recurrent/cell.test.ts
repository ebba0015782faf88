import { concat, expandDimensions, flattenTree, foldIn, identityMatrix, leavesOf, matMul, randomKey, randomNormal, readSync, scope, slice, type Tensor, transpose, unflattenTree, type Vectors } from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { maskedSequence, valuesOf } from '../sequence.js'
import { gruCell } from './gru-cell.js'
import { lstmCell } from './lstm-cell.js'
import { maskFor } from './masks.fixture.js'
import { orthogonal } from './orthogonal.js'
import { unroll } from './unroll.js'

const key = randomKey(3)

const normal = (name: string, shape: readonly number[]): Tensor => randomNormal(foldIn(key, name), shape, 0, 0.5)

describe.each([
  ['lstm', lstmCell],
  ['gru', gruCell],
] as const)('%s', (kind, make) => {
  const cell = make({ hiddenSize: 3 })

  test('gradients of parameters, input and initial state agree with finite differences over a masked sequence', () => {
    scope(() => {
      const leaves = flattenTree<Tensor>(cell.init(key, 2))
      const states = ['hidden', ...(kind === 'lstm' ? ['cell'] : [])].map((name) => normal(name, [2, 3]))
      const mask = maskFor([3, 1], 3)
      const f = (...inputs: readonly Tensor[]): Tensor => {
        // The inputs below, in their order.
        const [x, hidden, state] = inputs.slice(leaves.length) as [Tensor, Vectors, Vectors | undefined]
        const params = unflattenTree<Tensor>(leaves.map(({ path }, index) => ({ path, leaf: inputs[index]! })))
        const { sequence, final } = unroll(cell, params, maskedSequence(x, mask), { initial: { hidden, ...(state === undefined ? {} : { cell: state }) } })
        const finals = [final.hidden, ...(final.cell === undefined ? [] : [final.cell])].map((vectors) => expandDimensions(vectors as Tensor, 1))
        return concat([valuesOf(sequence), ...finals], 1)
      }
      const { first } = checkGradients({ f, inputs: [...leaves.map(({ leaf }) => leaf), normal('x', [2, 3, 2]), ...states], orders: [1] })
      for (const error of first!) expect(error).toBeLessThan(1e-2)
    })
  })

  test('the same key makes the same parameters, uniform in ±1/√H', () => {
    scope(() => {
      const [first, second] = [cell.init(key, 5), cell.init(key, 5)].map((tree) => leavesOf<Tensor>(tree).flatMap((leaf) => [...readSync(leaf)]))
      expect(first).toEqual(second)
      expect(Math.max(...first!.map(Math.abs))).toBeLessThanOrEqual(Math.fround(1 / Math.sqrt(3)))
    })
  })

  test('an orthogonal start gives orthogonal hidden weights and no biases', () => {
    scope(() => {
      const paths = new Map(flattenTree<Tensor>(make({ hiddenSize: 6, orthogonal: true }).init(key, 2)).map(({ path, leaf }) => [path, leaf]))
      expectClose(paths.get('hidden.bias')!, new Float32Array(paths.get('hidden.bias')!.size), { absolute: 0 })
      const weight = paths.get('hidden.weight')!
      for (let gate = 0; gate < weight.shape[1]! / 6; gate++) {
        const matrix = slice(weight, [0, 6 * gate], [6, 6])
        expectClose(matMul(matrix, transpose(matrix, [1, 0])), identityMatrix(6), { absolute: 1e-6, relative: 0 })
      }
    })
  })
})

test('an LSTM refuses the state of a GRU', () => {
  scope(() => {
    const lstm = lstmCell({ hiddenSize: 3 })
    const initial = gruCell({ hiddenSize: 3 }).initialState(2)
    expect(() => unroll(lstm, lstm.init(key, 2), maskedSequence(normal('x', [2, 1, 2]), maskFor([1, 1], 1)), { initial })).toThrow(/no cell state. Is it that of a GRU/)
  })
})

test('an orthogonal start needs square matrices', () => {
  expect(() => orthogonal(key, [4, 6])).toThrow(/\[4,6\] is not the shape of square matrices side by side/)
})

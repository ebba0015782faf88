import { describe, expect, test } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { normalArray } from '../random/host.js'
import { foldIn, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Shape, Tensor, Vectors } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { multiply } from './arithmetic.js'
import { ones, tensor, zeros } from './creation.js'
import { gruSequence, gruStep, lstmSequence, lstmStep } from './recurrent.js'
import { sum } from './reduction.js'
import { slice } from './shape.js'
import { lstmTransferSequence } from './transfer-sequence.js'

const normal = (name: string, shape: Shape): Tensor =>
  tensor(
    normalArray(
      foldIn(randomKey(3), name),
      shape.reduce((product, size) => product * size, 1),
    ),
    shape,
  )

const vectors = (name: string, shape: readonly [number, number]): Vectors => normal(name, shape) as unknown as Vectors

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

test('a step of an LSTM is its equations', () => {
  scope(() => {
    const [i, f, g, o, c] = [0.3, -0.7, 1.1, 0.2, 0.9]
    const { hidden, cell } = lstmStep(tensor([i, f, g, o], [1, 4]), vectors('cell', [1, 1]))
    const before = readSync(vectors('cell', [1, 1]))[0] ?? c
    const next = sigmoid(f) * before + sigmoid(i) * Math.tanh(g)
    expectClose(cell, [next], { absolute: 1e-6 })
    expectClose(hidden, [sigmoid(o) * Math.tanh(next)], { absolute: 1e-6 })
  })
})

test('a step of a GRU is its equations', () => {
  scope(() => {
    const [[r, z, n], [hr, hz, hn]] = [[0.3, -0.7, 1.1], [0.2, 0.5, -0.4]] as const
    const before = readSync(vectors('state', [1, 1]))[0] ?? 0
    const update = sigmoid(z + hz)
    const expected = (1 - update) * Math.tanh(n + sigmoid(r + hr) * hn) + update * before
    expectClose(gruStep(tensor([r, z, n], [1, 3]), tensor([hr, hz, hn], [1, 3]), vectors('state', [1, 1])), [expected], { absolute: 1e-6 })
  })
})

describe('sequences', () => {
  const mask = (): Tensor => tensor([1, 1, 0, 1, 0, 0], [2, 3])
  const lstm = (reverse: boolean): Tensor => lstmSequence(normal('x', [2, 3, 8]), normal('u', [2, 8]), mask(), { hidden: vectors('h', [2, 2]), cell: vectors('c', [2, 2]) }, { reverse }).hidden
  const gru = (reverse: boolean): Tensor => gruSequence(normal('x', [2, 3, 6]), normal('u', [2, 6]), normal('b', [6]), mask(), vectors('h', [2, 2]), { reverse })

  test.each([
    ['lstm', lstm],
    ['gru', gru],
  ] as const)('copy the state over padded steps, bit for bit: %s', (_, run) => {
    scope(() => {
      const at = (states: Tensor, example: number, step: number): readonly number[] => Array.from(readSync(slice(states, [example, step, 0], [1, 1, 2])))
      const [forward, backward] = [run(false), run(true)]
      expect(at(forward, 0, 2)).toEqual(at(forward, 0, 1))
      expect(at(forward, 1, 2)).toEqual(at(forward, 1, 0))
      expect(at(backward, 1, 1)).toEqual(Array.from(readSync(slice(vectors('h', [2, 2]) as Tensor, [1, 0], [1, 2]))))
      expect(at(backward, 0, 2)).toEqual(Array.from(readSync(slice(vectors('h', [2, 2]) as Tensor, [0, 0], [1, 2]))))
    })
  })

  test('no gradient flows through the mask', () => {
    scope(() => {
      const f = (real: Tensor): ReturnType<typeof sum> => sum(gruSequence(normal('x', [2, 3, 6]), normal('u', [2, 6]), normal('b', [6]), real, vectors('h', [2, 2])))
      expectClose(grad((real: Tensor) => sum(multiply(f(real), 1)))(mask()), new Float32Array(6), { absolute: 0 })
    })
  })

  test('what does not fit is refused', () => {
    scope(() => {
      const states = { hidden: zeros([2, 2]), cell: zeros([2, 2]) } as const
      expect(() => lstmSequence(ones([2, 3, 6]), ones([2, 8]), ones([2, 3]), states)).toThrow(/lstmSequence takes .*\[2,3,6\]/)
      expect(() => lstmSequence(ones([2, 0, 8]), ones([2, 8]), ones([2, 0]), states)).toThrow(/at least one step/)
      expect(() => gruSequence(ones([2, 3, 6]), ones([2, 6]), ones([6]), ones([2, 4]), zeros([2, 2]))).toThrow(/gruSequence takes/)
      const shares = { projected: ones([2, 3, 8]), hiddenWeight: ones([2, 8]), gateProjected: ones([2, 3, 4]), gateWeight: ones([2, 4]), source: ones([2, 3, 2]), mask: ones([2, 3]), initial: states }
      expect(() => lstmTransferSequence(shares)).toThrow(/lstmTransferSequence takes .*\[batch, step, 8H\]/)
    })
  })
})

import { add, type Compile, inference, multiply, reshape, type Scalar, scope, sequential, sum, type Tensor, type TensorTree, valueAndGrad, type Vectors } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { replaying } from '@transferkit/training/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { maskedSequence, valuesOf } from '../sequence.js'
import { bidirectionalLayer } from './bidirectional-layer.js'
import type { CellState } from './cell.js'
import { gruCell } from './gru-cell.js'
import { lstmCell } from './lstm-cell.js'
import { maskFor } from './masks.fixture.js'
import { backendsToTest } from './backends.fixture.js'
import { officialLayer, type OfficialLayer } from './official.fixture.js'
import { recurrentLayer } from './recurrent-layer.js'
import { exportTorchRecurrent, importTorchRecurrent } from './torch-weights.js'
import { unroll } from './unroll.js'

const cells = { lstm: lstmCell, gru: gruCell }

const weighted = (x: Tensor, weight: Tensor): Scalar => sum(multiply(x, weight))

/** A state of the file without the axis of layers. */
const stateOf = (official: OfficialLayer, name: string): Vectors => {
  const x = official.tensor(name)
  // One layer: one vector an example.
  return reshape(x, [x.shape[1] ?? 0, official.hiddenSize])
}

const initialOf = (official: OfficialLayer): CellState | undefined =>
  official.has('h0') ? { hidden: stateOf(official, 'h0'), ...(official.has('c0') ? { cell: stateOf(official, 'c0') } : {}) } : undefined

const ways = backendsToTest.flatMap((tested) => [{ ...tested, way: 'op by op' }, ...(tested.name === 'native' ? [{ ...tested, way: 'compiled' }] : [])])

describe.each(ways)('on the $name backend, $way', ({ name: backend, open, way }) => {
  let compile: Compile = (f) => f
  beforeAll(async () => {
    const runtime = await open()
    if (way === 'compiled') compile = replaying(runtime.compile)
    expect(runtime.backend).toBe(backend)
    return () => runtime.close()
  })

  test.each([
    ['lstm', 'lstm'],
    ['gru', 'gru'],
    ['lstm-initial-state', 'lstm'],
    ['gru-initial-state', 'gru'],
  ] as const)("outputs, final states, loss and gradients are PyTorch's: %s", (name, kind) => {
    scope(() => {
      const official = officialLayer(name)
      const cell = cells[kind]({ hiddenSize: official.hiddenSize })
      const layer = recurrentLayer({ cell })
      const x = official.tensor('x')
      const mask = maskFor(official.values('lengths'), x.shape[1]!)
      const params = importTorchRecurrent(layer, layer.init({ high: 0, low: 0 }, [1, 1, x.shape[2]! + 1]).params, official.state)
      const initial = initialOf(official)
      const run = (all: { params: TensorTree; x: Tensor }): ReturnType<typeof unroll> => unroll(cell, all.params, maskedSequence(all.x, mask), initial === undefined ? {} : { initial })
      const { sequence, final } = compile(run)({ params, x })
      expectClose(valuesOf(sequence), official.values('output'), official.tolerance('output'))
      expectClose(final.hidden, official.values('h_n'), official.tolerance('h_n'))
      if (final.cell !== undefined) expectClose(final.cell, official.values('c_n'), official.tolerance('c_n'))
      const pass = valueAndGrad((all: { params: TensorTree; x: Tensor }) => {
        const result = run(all)
        const outputs = add(weighted(valuesOf(result.sequence), official.tensor('weight_out')), weighted(result.final.hidden, stateOf(official, 'weight_h')))
        return result.final.cell === undefined ? outputs : add(outputs, weighted(result.final.cell, stateOf(official, 'weight_c')))
      })
      const { value, gradient } = compile(pass)({ params, x })
      expectClose(value, [official.loss!], { relative: 1e-4, absolute: 1e-5 })
      expectClose(gradient.x, official.values('grad/x'), official.tolerance('grad/x'))
      const gradients = exportTorchRecurrent(layer, gradient.params)
      expect(gradients.map((entry) => entry.name).sort()).toEqual(official.state.map((entry) => entry.name).sort())
      for (const entry of gradients) {
        const values = new Float32Array(entry.data.slice().buffer)
        expectClose(values, official.values(`grad/${entry.name}`), official.tolerance(`grad/${entry.name}`))
      }
    })
  })

  test.each(['lstm', 'gru'] as const)("two layers in both directions are PyTorch's, gradients included: %s", (kind) => {
    scope(() => {
      const official = officialLayer(`stacked-${kind}`)
      const cell = cells[kind]({ hiddenSize: official.hiddenSize })
      const layers = sequential({ recurrent1: bidirectionalLayer({ cell }), recurrent2: bidirectionalLayer({ cell }) })
      const x = official.tensor('x')
      const mask = maskFor(official.values('lengths'), x.shape[1]!)
      const { params, state } = layers.init({ high: 0, low: 0 }, [1, 1, x.shape[2]! + 1])
      const imported = importTorchRecurrent(layers, params, official.state)
      const run = (all: { params: TensorTree; x: Tensor }): Tensor => valuesOf(layers.apply({ params: all.params, state }, maskedSequence(all.x, mask), inference).output)
      expectClose(compile(run)({ params: imported, x }), official.values('output'), { relative: 1e-4, absolute: 1e-6 })
      const { gradient } = compile(valueAndGrad((all: { params: TensorTree; x: Tensor }) => weighted(run(all), official.tensor('weight_out'))))({ params: imported, x })
      expectClose(gradient.x, official.values('grad/x'), { relative: 1e-4, absolute: 1e-5 })
      for (const entry of exportTorchRecurrent(layers, gradient.params)) {
        expectClose(new Float32Array(entry.data.slice().buffer), official.values(`grad/${entry.name}`), { relative: 1e-4, absolute: 1e-5 })
      }
    })
  })
})

import { type CandidateKind, constantGate, gate, parameterTransferUnit, type ParameterTransferUnit } from '@transferkit/gates'
import { branchAt, foldIn, mapTree, ones, readSync, scope, slice, type Tensor, type TensorTree, unstack, type Vectors } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import type { CellState, RecurrentCell } from '../recurrent/cell.js'
import { gruCell } from '../recurrent/gru-cell.js'
import { lstmCell } from '../recurrent/lstm-cell.js'
import { unroll } from '../recurrent/unroll.js'
import { maskedSequence, valuesOf } from '../sequence.js'
import { key, random } from './recurrent-ptu.fixture.js'
import { unitCell } from './unit-cell.js'

const [batchSize, steps, inputSize, hiddenSize] = [3, 4, 2, 5] as const

const cells: readonly RecurrentCell[] = [lstmCell({ hiddenSize }), gruCell({ hiddenSize })]

const candidates = ['light', 'threeState'] as const

/** All steps at once add in another order than the unit. */
const nearly = (actual: Tensor, expected: Tensor): void => expectClose(actual, expected, { absolute: 1e-6, relative: 0 })

const learned = gate({ kind: 'dense' })
const unitOf = (candidate: CandidateKind, [transferGate, fineTuneGate] = [learned, learned]): ParameterTransferUnit => parameterTransferUnit({ candidate, transferGate, fineTuneGate })

interface Params {
  readonly source: TensorTree
  readonly target: TensorTree
  readonly clone: TensorTree
  readonly unit: TensorTree
}

/** Parameters of everything, all of them random, gates too. */
const paramsOf = (cell: RecurrentCell, unit: ParameterTransferUnit): Params => {
  const layer = (name: string): TensorTree => cell.init(foldIn(key, name), inputSize)
  const shaken = (name: string): TensorTree =>
    mapTree(unit.init(foldIn(key, name), { source: [1, hiddenSize], target: [1, hiddenSize] }), (leaf, path) => random(`${name}.${path}`, leaf.shape))
  return { source: layer('source'), target: layer('target'), clone: layer('clone'), unit: { hidden: shaken('hidden'), cell: shaken('cell') } }
}

const x = (): Tensor => maskedSequence(random('x', [batchSize, steps, inputSize]), ones([batchSize, steps]))

/** Hidden states of all steps of the unit over time. */
const unrolled = (cell: RecurrentCell, unit: ParameterTransferUnit, mixCell: boolean, params: Params, sequence: Tensor): readonly Tensor[] => {
  const { states: source } = unroll(cell, params.source, sequence)
  const { sequence: output } = unroll(unitCell({ cell, hiddenUnit: unit, ...(mixCell ? { cellUnit: unit } : {}), source }), { ...params }, sequence)
  return unstack(valuesOf(output), 1)
}

describe.each(cells)('$kind', (cell) => {
  test.each(candidates)('%s: the mixture lies between what is mixed, for random gates', (candidate) => {
    scope(() => {
      const unit = unitOf(candidate)
      const open = unitOf(candidate, [constantGate(1), constantGate(1)])
      const params = paramsOf(cell, unit)
      let mixtures = 0
      const watched: ParameterTransferUnit = {
        ...unit,
        apply: (given, streams) => {
          const result = unit.apply(given, streams)
          // With both gates open the unit gives its candidate.
          const mixed = [streams.source, streams.target, open.apply(given, streams).output].map((stream) => readSync(stream))
          readSync(result.output).forEach((value, index) => {
            const all = mixed.map((stream) => stream[index]!)
            expect(value).toBeGreaterThanOrEqual(Math.min(...all) - 1e-6)
            expect(value).toBeLessThanOrEqual(Math.max(...all) + 1e-6)
          })
          mixtures++
          return result
        },
      }
      unrolled(cell, watched, cell.kind === 'lstm', params, x())
      expect(mixtures).toBe(cell.kind === 'lstm' ? 2 * steps : steps)
    })
  })

  test.each(candidates)('%s: over one step it is the feed-forward unit', (candidate) => {
    scope(() => {
      const unit = unitOf(candidate)
      const params = paramsOf(cell, unit)
      const first = slice(x(), [0, 0, 0], [batchSize, 1, inputSize + 1])
      const alone = (name: 'source' | 'target' | 'clone'): Tensor => unstack(valuesOf(unroll(cell, params[name], first).sequence), 1)[0]!
      const { output } = unit.apply(branchAt(params.unit, 'hidden'), { source: alone('source'), target: alone('target'), tuned: alone('clone') })
      nearly(unrolled(cell, unit, false, params, first)[0]!, output)
    })
  })

  test.each([
    ['light', false],
    ['threeState', false],
    ['threeState', true],
    ['gru', true],
  ] as const)('%s, mixed cell state %s: it follows the equations step by step', (candidate, mixCell) => {
    scope(() => {
      const unit = unitOf(candidate)
      const params = paramsOf(cell, unit)
      const hasCell = cell.kind === 'lstm'
      const projected = (name: 'source' | 'target' | 'clone'): readonly Tensor[] => unstack(cell.project(params[name], valuesOf(x())), 1)
      const [sources, targets, clones] = [projected('source'), projected('target'), projected('clone')]
      let [s, t, c] = [cell.initialState(batchSize), cell.initialState(batchSize), cell.initialState(batchSize)]
      const expected: Tensor[] = []
      const mixed = (part: 'hidden' | 'cell'): Vectors =>
        // A mixture of vectors.
        unit.apply(branchAt(params.unit, part), { source: s[part]!, target: t[part]!, tuned: c[part]! }).output as unknown as Vectors
      for (let step = 0; step < steps; step++) {
        s = cell.step(params.source, sources[step]!, s)
        t = cell.step(params.target, targets[step]!, t)
        c = cell.step(params.clone, clones[step]!, c)
        const hidden = mixed('hidden')
        const shared: Partial<CellState> = hasCell && mixCell ? { cell: mixed('cell') } : {}
        t = { ...t, hidden, ...shared }
        c = { ...c, hidden, ...shared }
        expected.push(hidden)
      }
      const found = unrolled(cell, unit, hasCell && mixCell, params, x())
      expected.forEach((state, step) => {
        nearly(found[step]!, state)
      })
    })
  })
})

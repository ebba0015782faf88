import { TransferkitError, type TrainingPhase, type TransferProgram, zeros } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { phasesOf } from './phases.js'

const program = (phases: readonly TrainingPhase[], more: Partial<TransferProgram> = {}): TransferProgram => ({
  init: () => ({ params: {}, frozen: {}, state: {} }),
  forward: () => ({ logits: zeros([1, 2]), taps: {}, state: {} }),
  phases,
  ...more,
})

const ending = (...untils: readonly number[]): readonly TrainingPhase[] => untils.map((until, index) => ({ name: `phase ${index + 1}`, until }))

const problemOf = (given: TransferProgram): string => {
  try {
    phasesOf(given, 10)
  } catch (error) {
    if (TransferkitError.isInstance(error)) return `${error.code}: ${error.message}`
  }
  return 'nothing was thrown'
}

describe('phases by their steps', () => {
  test.each<readonly [readonly number[], number, readonly (readonly [number, number])[]]>([
    [[1], 7, [[0, 7]]],
    [[0.5, 1], 10, [[0, 5], [5, 10]]],
    // The next phase begins with the first step at or after the share.
    [[0.25, 1], 10, [[0, 3], [3, 10]]],
    // 0.07 · 100 is a little more than 7 in floating point.
    [[0.07, 1], 100, [[0, 7], [7, 100]]],
    [[21 / 23, 22 / 23, 1], 23, [[0, 21], [21, 22], [22, 23]]],
    [[0.2, 0.4, 1], 2, [[0, 1], [1, 2]]],
    [[0.999, 1], 3, [[0, 3]]],
  ])('%j of %i steps', (untils, steps, expected) => {
    expect(phasesOf(program(ending(...untils)), steps).map(({ start, end }) => [start, end])).toEqual(expected)
  })

  test('a program without phases is one', () => {
    const { phases: _phases, ...plain } = program([])
    expect(phasesOf(plain, 9)).toEqual([{ start: 0, end: 9, program: plain }])
  })

  test('a phase keeps the prefix of the program, but not beside another forward pass or loss', () => {
    const forward = () => ({ logits: zeros([1, 2]), taps: {}, state: {} })
    const prefix = { identity: 'x', tensors: () => ({}), compute: () => zeros([1]), forward }
    const own = { ...prefix, identity: 'y' }
    const phases = [
      { name: 'same', until: 0.2 },
      { name: 'other forward', until: 0.4, program: { forward } },
      { name: 'other loss', until: 0.6, program: { loss: () => { throw new Error('never run') } } },
      { name: 'own', until: 1, program: { forward, prefix: own } },
    ]
    expect(phasesOf(program(phases, { prefix }), 10).map((phase) => phase.program.prefix?.identity)).toEqual(['x', undefined, undefined, 'y'])
  })
})

test.each<readonly [string, () => TransferProgram, string]>([
  ['no phase at all', () => program([]), 'at least one'],
  ['a share of 0', () => program(ending(0, 1)), "Phase 'phase 1' of the training: it ends at 0 of the training, which must be above 0."],
  ['a share that is no number', () => program(ending(Number.NaN, 1)), "Phase 'phase 1'"],
  ['shares that do not rise', () => program(ending(0.5, 0.5, 1)), "Phase 'phase 2' of the training: it ends at 0.5 of the training, which must be above 0.5, where 'phase 1' ends."],
  ['a last phase that ends early', () => program(ending(0.5, 0.9)), "Phase 'phase 2' of the training: it is the last one, but ends at 0.9 of the training instead of 1."],
  ['two phases of one name', () => program([{ name: 'a', until: 0.5 }, { name: 'a', until: 1 }]), "Phase 'a' of the training: there are two of that name."],
  ['a step of its own', () => program(ending(1), { step: () => { throw new Error('never run') } }), 'runs its training steps itself'],
])('%s is refused', (_name, given, problem) => {
  expect(problemOf(given())).toContain('training/phases')
  expect(problemOf(given())).toContain(problem)
})

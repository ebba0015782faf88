import { branchAt, flattenTree, inference, mergeTrees, type Network, partitionTree, type ProgramVariables, readSync, scope, type Tensor, type TensorTree, unflattenTree } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import type { StageTreatment } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { rowSequence } from '../networks/row-sequence.js'
import { discreteStates } from './discrete-states.js'
import { afterStep, batch, contextOf, exactly, key, smallClassifier } from './recurrent-ptu.fixture.js'
import { recurrentPtu } from './recurrent-ptu.js'

const treatments: readonly StageTreatment[] = ['frozen', 'fine-tuned', 'random']

const grid = treatments.flatMap((embedding) => treatments.flatMap((hidden) => treatments.map((output) => [embedding, hidden, output] as const)))

/** The gates that make a treatment of a layer. */
const gatesFor = (treatment: StageTreatment): { readonly transfer: number; readonly fineTune: number } => ({
  transfer: treatment === 'random' ? 0 : 1,
  fineTune: treatment === 'fine-tuned' ? 1 : 0,
})

const make = (): Network => smallClassifier({ bidirectional: true })

/** Where a parameter of the plain network stands in the PTU's trees. */
const counterpart = ({ params, frozen }: ProgramVariables, path: string, treatment: StageTreatment): Tensor => {
  const isHead = path.startsWith('head.')
  const trees: Readonly<Record<StageTreatment, TensorTree>> = isHead
    ? { frozen: branchAt(frozen, 'target'), 'fine-tuned': params, random: params }
    : { frozen: branchAt(frozen, 'source.params'), 'fine-tuned': branchAt(params, 'clones'), random: params }
  // Called with paths of tensors.
  return branchAt(trees[treatment], path) as Tensor
}

test.each(grid)('embedding %s, hidden %s, output %s is a PTU with held gates, before and after a step', (embedding, hidden, output) => {
  scope(() => {
    const context = contextOf(make())
    const { inputs } = batch()
    const treatmentOf = (path: string): StageTreatment => (path.startsWith('head.') ? output : path.startsWith('embedding.') ? embedding : hidden)
    const [forEmbedding, forHidden] = [gatesFor(embedding), gatesFor(hidden)]
    const unit = recurrentPtu({
      candidate: 'threeState',
      sourceInput: 'shared',
      layers: 'all',
      mixCell: true,
      output,
      gateOverride: {
        transfer: { embedding: forEmbedding.transfer, recurrent1: forHidden.transfer },
        fineTune: { embedding: forEmbedding.fineTune, recurrent1: forHidden.fineTune },
      },
    }).prepare(context)
    const state = discreteStates({ embedding, hidden, output }).prepare(context)

    const mixing = unit.init(key)
    const own = state.init(key)
    // Both draw their random parts from one key in ways of their own; what is random starts alike for both here.
    const { selected: random, rest } = partitionTree(own.params, (path) => treatmentOf(path) === 'random')
    const drawn = flattenTree<Tensor>(random).map(({ path }) => ({ path, leaf: counterpart(mixing, path, 'random') }))
    const plain: ProgramVariables = { ...own, params: mergeTrees(rest, unflattenTree<Tensor>(drawn)) }

    const logits = (program: typeof unit, variables: ProgramVariables): Tensor => program.forward(variables, inputs, inference).logits
    exactly(logits(unit, mixing), logits(state, plain))
    if (flattenTree<Tensor>(plain.params).length === 0) return
    const [mixingAfter, plainAfter] = [afterStep(unit, mixing), afterStep(state, plain)]
    for (const { path, leaf } of flattenTree<Tensor>(plainAfter.params)) {
      expectClose(counterpart(mixingAfter, path, treatmentOf(path)), leaf, { absolute: 1e-6, relative: 0 })
    }
    expectClose(logits(unit, mixingAfter), logits(state, plainAfter), { absolute: 1e-5, relative: 1e-5 })
  })
})

describe('what is trained', () => {
  test.each([
    [{}, ['embedding.table', 'head.bias', 'recurrent1.hidden.bias']],
    [{ embedding: 'frozen' }, ['head.bias', 'recurrent1.hidden.bias']],
    [{ hidden: 'frozen' }, ['embedding.table', 'head.bias']],
    [{ output: 'frozen', embedding: 'frozen' }, ['recurrent1.hidden.bias']],
  ] as const)('with %j: %j', (options, expected) => {
    scope(() => {
      const { params } = discreteStates(options).prepare(contextOf(smallClassifier())).init(key)
      const found = flattenTree<Tensor>(params).map(({ path }) => path)
      expect(found.filter((path) => ['embedding.table', 'recurrent1.hidden.bias', 'head.bias'].includes(path))).toEqual(expected)
    })
  })

  test('starts from the source where it should', () => {
    scope(() => {
      const context = contextOf(smallClassifier())
      const { params } = discreteStates({ hidden: 'random', output: 'fine-tuned' }).prepare(context).init(key)
      const isTheSource = (path: string): boolean => String(readSync(branchAt(params, path) as Tensor)) === String(readSync(branchAt(context.source.variables.params, path) as Tensor))
      expect(['embedding.table', 'recurrent1.input.weight', 'head.weight'].map(isTheSource)).toEqual([true, false, true])
    })
  })

  test('a network without an embedding has hidden stages only', () => {
    scope(() => {
      const context = contextOf(rowSequence({ classes: 3, inputShape: [4, 4, 1], hiddenSize: 4 }))
      const { params } = discreteStates({ hidden: 'frozen' }).prepare(context).init(key)
      expect(Object.keys(params)).toEqual(['head'])
    })
  })
})

describe('mistakes', () => {
  test('are named', () => {
    scope(() => {
      expect(() => discreteStates({ embedding: 'freeze' as never })).toThrow(/'discrete-states'.*'embedding'.*"frozen"/)
      expect(() => discreteStates({ output: 'fine-tuned' }).prepare(contextOf(smallClassifier(), ['a', 'b']))).toThrow(/'output'.*3 classes apart, but the target has 2.*Use 'random'/)
    })
  })
})

import { candidateKinds } from '@transferkit/gates'
import {
  add,
  branchAt,
  countElements,
  flattenTree,
  inference,
  leavesOf,
  type LossOutputs,
  mapTree,
  mergeTrees,
  type Network,
  type ProgramVariables,
  readSync,
  runStages,
  scalar,
  scope,
  stack,
  type Tensor,
  type TensorTree,
  trainingMode,
  type TransferProgram,
  valueAndGradWithAuxiliary,
  withClasses,
} from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { classificationLoss, fineTune } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { pairClassifier } from '../networks/text-classifier.js'
import { textCnn } from '../networks/text-cnn.js'
import { valuesOf } from '../sequence.js'
import { recurrentPtu } from './recurrent-ptu.js'
import { afterStep, batch, contextOf, exactly, idsOf, key, nested, random, sentences, smallClassifier } from './recurrent-ptu.fixture.js'

const networks: readonly (readonly [string, () => Network])[] = [
  ['lstm of two layers', () => smallClassifier({ layers: 2 })],
  ['gru', () => smallClassifier({ cell: 'gru', pooling: 'attention' })],
  ['bilstm', () => smallClassifier({ bidirectional: true, pooling: 'last' })],
  ['bigru of two layers', () => smallClassifier({ cell: 'gru', bidirectional: true, layers: 2 })],
]

const stagesOf = (source: Network): readonly string[] => source.stages.map(({ name }) => name)

describe.each(networks)('over a %s', (_name, make) => {
  test.each([
    ['light', 'own'],
    ['light', 'shared'],
    ['threeState', 'own'],
    ['threeState', 'shared'],
  ] as const)('%s, %s: z = 1, f = 0 passes the source on, exactly', (candidate, sourceInput) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batch()
      const program = recurrentPtu({ candidate, sourceInput, layers: 'all', targetInitialisation: 'random', gateOverride: { transfer: 1, fineTune: 0 } }).prepare(context)
      const expected = runStages(context.source.network, context.source.variables, inputs, inference)
      const variables = program.init(key)
      // The attention and whatever else has no unit is the target's own.
      const same = { ...variables, params: withPooling(variables.params, context.source.variables.params) }
      for (const mode of [inference, trainingMode(key)]) {
        const { taps } = program.forward(same, inputs, mode)
        for (const tap of stagesOf(context.source.network)) exactly(taps[tap]!, expected.taps[tap]!)
      }
    })
  })

  test.each(['own', 'shared'] as const)('%s: learned biases of 30 pass the source on as near as rounding allows', (sourceInput) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batch()
      const program = recurrentPtu({ candidate: 'threeState', sourceInput, layers: 'all', transferGateBias: 30, fineTuneGateBias: -30 }).prepare(context)
      const expected = runStages(context.source.network, context.source.variables, inputs, inference)
      const { taps } = program.forward(program.init(key), inputs, inference)
      for (const tap of stagesOf(context.source.network).filter((name) => name !== 'pooled')) expectClose(taps[tap]!, expected.taps[tap]!, { absolute: 1e-6, relative: 1e-6 })
    })
  })

  test.each(candidateKinds)('%s: z = 0 is the target network alone, bit for bit, for any f', (candidate) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batch()
      for (const fineTune of [0, 0.3, 1]) {
        const program = recurrentPtu({ candidate, layers: 'all', gateOverride: { transfer: 0, fineTune } }).prepare(context)
        const variables = program.init(key)
        const alone = withClasses(context.source.network, 3)
        for (const mode of [inference, trainingMode(key)]) exactly(program.forward(variables, inputs, mode).logits, alone.apply(variables, inputs, mode).output)
      }
    })
  })

  test('threeState: z = 1, f = 1 is fine-tuning, before and after a step', () => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batch()
      const held = recurrentPtu({ candidate: 'threeState', layers: 'all', targetInitialisation: 'copy', gateOverride: { transfer: 1, fineTune: 1 } }).prepare(context)
      const plainly = fineTune().prepare(context)
      const unit = held.init(key)
      const tuned = plainly.init(key)
      // The same new head for both.
      const same: ProgramVariables = { ...tuned, params: { ...(tuned.params as Record<string, TensorTree>), head: branchAt(unit.params, 'head') } }
      exactly(held.forward(unit, inputs, inference).logits, plainly.forward(same, inputs, inference).logits)
      const [after, expected] = [afterStep(held, unit), afterStep(plainly, same)]
      const clones = flattenTree<Tensor>(branchAt(after.params, 'clones'))
      expect(clones.length).toBeGreaterThan(0)
      for (const { path, leaf } of clones) {
        expectClose(leaf, branchAt(expected.params, path) as Tensor, { absolute: 1e-6, relative: 0 })
        expect(readSync(leaf)).not.toEqual(readSync(branchAt(unit.params, `clones.${path}`) as Tensor))
      }
    })
  })

  test('appended padding changes no score', () => {
    scope(() => {
      const program = recurrentPtu({ candidate: 'threeState', layers: 'all' }).prepare(contextOf(make()))
      const variables = program.init(key)
      const short = program.forward(variables, idsOf(sentences), inference).logits
      const long = program.forward(variables, idsOf(sentences.map((row) => [...row, 0, 0, 0])), inference).logits
      expectClose(long, short, { absolute: 1e-6, relative: 1e-6 })
    })
  })

  test('a text without words has finite scores', () => {
    scope(() => {
      const program = recurrentPtu({ layers: 'all' }).prepare(contextOf(make()))
      const { logits } = program.forward(program.init(key), idsOf([[0, 0], [3, 0]]), inference)
      expect(readSync(logits).every(Number.isFinite)).toBe(true)
    })
  })
})

/** Parameters with those of the pooling from another tree. */
const withPooling = (params: TensorTree, source: TensorTree): TensorTree => ({ ...(params as Record<string, TensorTree>), pooled: branchAt(source, 'pooled') })

describe('with mixed cell states', () => {
  test('the corners are the source, the target and fine-tuning', () => {
    scope(() => {
      const context = contextOf(smallClassifier({ layers: 2, bidirectional: true }))
      const { inputs } = batch()
      const forward = (transfer: number, fineTuneGate: number): { readonly variables: ProgramVariables; readonly program: TransferProgram } => {
        const program = recurrentPtu({ candidate: 'threeState', mixCell: true, layers: 'all', gateOverride: { transfer, fineTune: fineTuneGate } }).prepare(context)
        return { program, variables: program.init(key) }
      }
      const expected = runStages(context.source.network, context.source.variables, inputs, inference)
      for (const corner of [forward(1, 0), forward(1, 1)]) {
        const { taps } = corner.program.forward(corner.variables, inputs, inference)
        for (const tap of stagesOf(context.source.network)) exactly(taps[tap]!, expected.taps[tap]!)
      }
      const { program, variables } = forward(0, 0.5)
      exactly(program.forward(variables, inputs, inference).logits, withClasses(context.source.network, 3).apply(variables, inputs, inference).output)
    })
  })

  test('half-open gates mix cell states otherwise than hidden states alone', () => {
    scope(() => {
      const context = contextOf(smallClassifier())
      const logits = (mixCell: boolean): Float32Array => {
        const program = recurrentPtu({ candidate: 'threeState', mixCell, gateOverride: { transfer: 0.5, fineTune: 0.5 } }).prepare(context)
        return readSync(program.forward(program.init(key), batch().inputs, inference).logits)
      }
      expect(logits(true)).not.toEqual(logits(false))
    })
  })
})

test('own and shared input agree behind a frozen embedding, and differ behind a tuned one', () => {
  scope(() => {
    const context = contextOf(smallClassifier())
    const logits = (sourceInput: 'own' | 'shared', embedding: number): Tensor => {
      const program = recurrentPtu({ candidate: 'threeState', sourceInput, layers: 'all', gateOverride: { transfer: 1, fineTune: { embedding, recurrent1: 0 } } }).prepare(context)
      const start = program.init(key)
      // The tuned table has moved away from the source.
      const params = mapTree(start.params, (leaf, path) => (path.startsWith('clones.embedding.') ? add(leaf, 0.1) : leaf))
      return program.forward({ ...start, params }, batch().inputs, inference).logits
    }
    exactly(logits('own', 0), logits('shared', 0))
    expect(readSync(logits('own', 1))).not.toEqual(readSync(logits('shared', 1)))
  })
})

test.each(candidateKinds)('%s: the state at a step does not depend on later words', (candidate) => {
  scope(() => {
    const program = recurrentPtu({ candidate, layers: 'all', perturbation: 0.2 }).prepare(contextOf(smallClassifier()))
    const variables = program.init(key)
    const states = (ids: readonly number[]): Float32Array => readSync(valuesOf(program.forward(variables, idsOf([ids]), inference).taps['recurrent1']!))
    const [one, other] = [states([2, 3, 4, 5]), states([2, 3, 7, 5])]
    const firstTwo = 2 * 4
    expect(one.slice(0, firstTwo)).toEqual(other.slice(0, firstTwo))
    expect(one.slice(firstTwo)).not.toEqual(other.slice(firstTwo))
  })
})

test.each([
  [candidateKinds[0], 'own'],
  [candidateKinds[1], 'shared'],
  [candidateKinds[2], 'own'],
] as const)('%s, %s: training lowers the loss and leaves the source as it was, without a gradient for it', (candidate, sourceInput) => {
  scope(() => {
    const context = contextOf(smallClassifier({ bidirectional: true }))
    const program = recurrentPtu({ candidate, sourceInput, layers: 'all', mixCell: true }).prepare(context)
    const sourceTree = context.source.variables as unknown as TensorTree
    const before = leavesOf<Tensor>(sourceTree).map((leaf) => readSync(leaf).slice())
    const start = program.init(key)
    const lossAt = ({ params, state, frozen }: ProgramVariables): LossOutputs => classificationLoss(program)({ variables: { params, state, frozen }, batch: batch(), key, progress: scalar(0) })
    const { gradient } = valueAndGradWithAuxiliary((params: TensorTree) => {
      const { loss, state } = lossAt({ ...start, params })
      return { value: loss, auxiliary: state }
    })(start.params)
    expect(flattenTree<Tensor>(gradient).map(({ path }) => path)).toEqual(flattenTree<Tensor>(start.params).map(({ path }) => path))
    let variables = start
    for (let index = 0; index < 4; index++) variables = afterStep(program, variables, 0.5)
    expect(readSync(lossAt(variables).loss)[0]).toBeLessThan(readSync(lossAt(start).loss)[0]!)
    expect(leavesOf<Tensor>(sourceTree).map((leaf) => readSync(leaf))).toEqual(before)
    // The frozen tensors are the source's own: nothing was copied, so nothing else could have changed.
    const sourceIds = new Set(leavesOf<Tensor>(sourceTree).map(({ id }) => id))
    for (const leaf of leavesOf<Tensor>(variables.frozen)) expect(sourceIds.has(leaf.id)).toBe(true)
  })
})

test.each([
  ['lstm', 'own'],
  ['gru', 'shared'],
] as const)('gradients with respect to gate weights match central differences, %s, %s', (cell, sourceInput) => {
  scope(() => {
    const context = contextOf(smallClassifier({ cell, pooling: 'mean' }))
    const program = recurrentPtu({ candidate: 'threeState', sourceInput, layers: 'all', mixCell: cell === 'lstm' }).prepare(context)
    const start = program.init(key)
    const paths = [
      'units.recurrent1.hidden.transferGate.sourceWeight',
      'units.recurrent1.hidden.fineTuneGate.targetWeight',
      'units.embedding.hidden.transferGate.bias',
      ...(cell === 'lstm' ? ['units.recurrent1.cell.transferGate.targetWeight'] : []),
    ]
    const at = (path: string): Tensor => branchAt(start.params, path) as Tensor
    const rest = flattenTree<Tensor>(start.params).filter(({ path }) => !paths.includes(path))
    const report = checkGradients({
      f: (...leaves) => {
        const params = mergeTrees(...rest.map(({ path, leaf }) => nested(path, leaf)), ...paths.map((path, index) => nested(path, leaves[index]!)))
        return program.forward({ ...start, params }, batch().inputs, inference).logits
      },
      inputs: paths.map((path) => add(at(path), random(path, at(path).shape, 0.3))),
      orders: [1],
    })
    for (const error of report.first!) expect(error).toBeLessThan(1e-2)
  })
})

describe('sentence pairs', () => {
  test('both sentences go through the units, each with the source of its own', () => {
    scope(() => {
      const source = pairClassifier({ vocabulary: 9, classes: 3, maximumLength: 5, embeddingSize: 3, hiddenSize: 4, bidirectional: true })
      const context = contextOf(source)
      const inputs: Tensor = stack([idsOf(sentences), idsOf(sentences.toReversed())], 1)
      const held = recurrentPtu({ layers: 'all', gateOverride: { transfer: 1, fineTune: 0 } }).prepare(context)
      const expected = runStages(source, context.source.variables, inputs, inference)
      exactly(held.forward(held.init(key), inputs, inference).taps['pooled']!, expected.taps['pooled']!)
      const learned = recurrentPtu({ layers: 'all' }).prepare(context)
      const [openness] = learned.inspect!(learned.init(key), inputs, batch().labels)
      expect(Object.keys(openness!.series['transfer gate']!)).toEqual(['embedding', 'recurrent1.forward', 'recurrent1.backward'])
    })
  })
})

describe('what there is to look at', () => {
  test('openings by layer, and by step over the first sentence, without padding', () => {
    scope(() => {
      const program = recurrentPtu({ layers: 'all', mixCell: true, transferGateBias: 1 }).prepare(contextOf(smallClassifier({ layers: 2 })))
      const inspections = program.inspect!(program.init(key), idsOf([[0, 0, 0], [4, 5, 0]]), batch().labels)
      const [openness, spread, bySteps] = inspections
      const layers = ['embedding', 'recurrent1', 'recurrent1 cell', 'recurrent2', 'recurrent2 cell']
      expect(inspections.map(({ name }) => name)).toEqual(['gate-openness', 'gate-spread', 'gate-openness-by-step'])
      expect(Object.keys(openness!.series['transfer gate']!)).toEqual(layers)
      // Gate weights start at 0, so that every gate is open by the logistic function of its bias.
      for (const layer of layers) {
        expect(openness!.series['transfer gate']![layer]).toBeCloseTo(1 / (1 + Math.exp(-1)), 5)
        expect(openness!.series['fine-tune gate']![layer]).toBeCloseTo(1 / (1 + Math.exp(2)), 5)
        expect(spread!.series['transfer gate']![layer]).toBeCloseTo(0, 5)
        expect(Object.keys(bySteps!.series[`${layer}, transfer gate`]!)).toEqual(['1', '2'])
      }
    })
  })

  test('rows are positions in both directions', () => {
    scope(() => {
      const program = recurrentPtu({ transferGateBias: 0 }).prepare(contextOf(smallClassifier({ bidirectional: true })))
      const start = program.init(key)
      // Gates that depend on the states differ from step to step.
      const params = mapTree(start.params, (leaf, path) => (path.endsWith('transferGate.sourceWeight') ? random(path, leaf.shape, 2) : leaf))
      const rowsOf = (ids: readonly number[]): Readonly<Record<string, number>> => {
        const [, , bySteps] = program.inspect!({ ...start, params }, idsOf([ids]), batch().labels)
        return bySteps!.series['recurrent1.backward, transfer gate']!
      }
      const [one, other] = [rowsOf([2, 3, 4, 5]), rowsOf([7, 3, 4, 5])]
      // The backward layer has seen the first word only at the first position.
      for (const position of ['2', '3', '4']) expect(one[position]).toBe(other[position])
      expect(one['1']).not.toBe(other['1'])
    })
  })

  test('nothing where there are no words, and held gates as they are held', () => {
    scope(() => {
      const context = contextOf(smallClassifier())
      const program = recurrentPtu({ gateOverride: { transfer: 0.25, fineTune: { recurrent1: 1 } }, gate: 'scalar' }).prepare(context)
      const variables = program.init(key)
      expect(program.inspect!(variables, idsOf([[0, 0]]), batch().labels)).toEqual([])
      const [openness] = program.inspect!(variables, batch().inputs, batch().labels)
      expect(openness!.series).toEqual({ 'transfer gate': { recurrent1: 0.25 }, 'fine-tune gate': { recurrent1: 1 } })
    })
  })
})

describe('parameters', () => {
  const H = 4
  const E = 3
  test.each([
    [{}, 2 * (2 * H * H + H) + H * H + H],
    [{ gate: 'diagonal' }, 2 * 3 * H + H * H + H],
    [{ gate: 'scalar' }, 2 * (2 * H + 1) + H * H + H],
    [{ mixCell: true }, 2 * (2 * (2 * H * H + H) + H * H + H)],
    [{ candidate: 'gru' }, 2 * (2 * H * H + H) + 2 * H * H + H],
    [{ candidate: 'threeState' }, 2 * (2 * H * H + H)],
    [{ layers: 'all' }, 2 * (2 * H * H + H) + H * H + H + 2 * (2 * E * E + E) + E * E + E],
  ] as const)('units of %j have as many as the equations say', (options, expected) => {
    scope(() => {
      expect(countElements(branchAt(recurrentPtu(options).prepare(contextOf(smallClassifier())).init(key).params, 'units'))).toBe(expected)
    })
  })

  test('clones exist only where units stand, and gates learn at a rate of their own', () => {
    scope(() => {
      const program = recurrentPtu({ candidate: 'threeState', layers: ['recurrent2'], gateLearningRate: 10 }).prepare(contextOf(smallClassifier({ layers: 2 })))
      const { params } = program.init(key)
      expect(Object.keys(branchAt(params, 'clones'))).toEqual(['recurrent2'])
      expect(Object.keys(branchAt(params, 'units'))).toEqual(['recurrent2'])
      expect(program.parameterGroup?.('units.recurrent2.hidden.transferGate.bias')).toEqual({ learningRate: 10, weightDecay: 0 })
      expect(program.parameterGroup?.('units.recurrent2.hidden.fineTuneGate.sourceWeight')).toEqual({ learningRate: 10 })
      expect(program.parameterGroup?.('units.recurrent2.hidden.candidate.bias')).toEqual({})
      expect(program.parameterGroup?.('recurrent2.input.bias')).toEqual({})
    })
  })

  test('the target branch starts from the source or afresh, as the candidate needs', () => {
    scope(() => {
      const context = contextOf(smallClassifier())
      const table = (tree: TensorTree): Float32Array => readSync(branchAt(tree, 'embedding.table') as Tensor)
      expect(table(recurrentPtu().prepare(context).init(key).params)).toEqual(table(context.source.variables.params))
      expect(table(recurrentPtu({ candidate: 'gru' }).prepare(context).init(key).params)).not.toEqual(table(context.source.variables.params))
    })
  })
})

describe('mistakes', () => {
  const context = (): ReturnType<typeof contextOf> => contextOf(smallClassifier())

  test.each([
    [() => recurrentPtu({ candidate: 'ligth' as never }), /'candidate'.*Did you mean 'light'/],
    [() => recurrentPtu({ gate: 'pointwise' as never }), /'gate'.*dense/],
    [() => recurrentPtu({ layers: ['recurent1'] }).prepare(context()), /'layers' names 'recurent1'.*Did you mean 'recurrent1'/],
    [() => recurrentPtu({ gateOverride: { transfer: { embedding: 1 } } }).prepare(context()), /'gateOverride.transfer' names 'embedding', where no unit stands.*There are: recurrent1/],
    [() => recurrentPtu({ mixCell: true }).prepare(contextOf(smallClassifier({ cell: 'gru' }))), /'mixCell'.*'recurrent1' is a GRU/],
    [() => recurrentPtu({ output: 'frozen' }).prepare(contextOf(smallClassifier(), ['a', 'b'])), /tells 3 classes apart, but the target has 2/],
    [() => recurrentPtu().prepare(contextOf(textCnn({ vocabulary: 9, classes: 3, maximumLength: 8, embeddingSize: 3 }))), /no recurrent layer.*strategy 'ptu'/],
  ] as const)('%s', (make, message) => {
    scope(() => {
      expect(make).toThrow(message)
    })
  })
})

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
  unstack,
  valueAndGradWithAuxiliary,
  withClasses,
} from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { classificationLoss, fineTune } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { rowSequence } from '../networks/row-sequence.js'
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

test('the unit on the embedding treats every position alike: it commutes with any order of the words', () => {
  scope(() => {
    const program = recurrentPtu({ candidate: 'threeState', layers: 'all' }).prepare(contextOf(smallClassifier()))
    const start = program.init(key)
    const params = mapTree(start.params, (leaf, path) => (path.startsWith('units.embedding.') ? random(path, leaf.shape) : leaf))
    const rows = (ids: readonly number[]): readonly Float32Array[] => {
      const values = readSync(valuesOf(program.forward({ ...start, params }, idsOf([ids]), inference).taps['embedding']!))
      return ids.map((_, position) => values.slice(position * 3, position * 3 + 3))
    }
    const [one, other] = [rows([2, 3, 4, 5]), rows([5, 3, 2, 4])]
    expect([one[3], one[1], one[0], one[2]]).toEqual(other)
  })
})

describe('sentence pairs', () => {
  test('the units are those of single sentences, shared by both', () => {
    scope(() => {
      const sizes = { vocabulary: 9, classes: 3, maximumLength: 5, embeddingSize: 3, hiddenSize: 4 }
      const units = (source: Network): TensorTree => branchAt(recurrentPtu({ layers: 'all', mixCell: true }).prepare(contextOf(source)).init(key).params, 'units')
      const shapes = (tree: TensorTree): unknown => flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf.shape])
      expect(shapes(units(pairClassifier(sizes)))).toEqual(shapes(units(smallClassifier())))
    })
  })

  test('swapped sentences have swapped states', () => {
    scope(() => {
      const program = recurrentPtu({ candidate: 'threeState', layers: 'all' }).prepare(contextOf(pairClassifier({ vocabulary: 9, classes: 3, maximumLength: 5, embeddingSize: 3, hiddenSize: 4 })))
      const variables = program.init(key)
      const [left, right] = [idsOf(sentences), idsOf(sentences.toReversed())]
      const states = (first: Tensor, second: Tensor): readonly Tensor[] => unstack(program.forward(variables, stack([first, second], 1), inference).taps['recurrent1']!, 1)
      const [one, other] = [states(left, right), states(right, left)]
      expectClose(one[0]!, other[1]!, { absolute: 1e-6, relative: 1e-6 })
      expectClose(one[1]!, other[0]!, { absolute: 1e-6, relative: 1e-6 })
    })
  })

  test('z = 0 is the target network alone, bit for bit', () => {
    scope(() => {
      const context = contextOf(pairClassifier({ vocabulary: 9, classes: 3, maximumLength: 5, embeddingSize: 3, hiddenSize: 4, cell: 'gru' }))
      const program = recurrentPtu({ layers: 'all', candidate: 'threeState', gateOverride: { transfer: 0 } }).prepare(context)
      const variables = program.init(key)
      const inputs: Tensor = stack([idsOf(sentences), idsOf(sentences.toReversed())], 1)
      exactly(program.forward(variables, inputs, inference).logits, withClasses(context.source.network, 3).apply(variables, inputs, inference).output)
    })
  })

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
      expect(inspections.map(({ name }) => name)).toEqual(['gate-openness', 'gate-spread', 'gate-openness-by-step-1'])
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

  test('three examples with the ids of their tokens and their classes', () => {
    scope(() => {
      const context = contextOf(smallClassifier({ bidirectional: true }))
      const program = recurrentPtu({ layers: 'all' }).prepare(context)
      const variables = program.init(key)
      const inspections = program.inspect!(variables, batch().inputs, batch().labels).slice(2)
      expect(inspections.map(({ name, kind }) => [name, kind])).toEqual([1, 2, 3].map((number) => [`gate-openness-by-step-${number}`, 'heat-map']))
      expect(inspections.map(({ example }) => example?.tokens)).toEqual([[2, 3, 4, 5, 6], [7, 2, 8], [5]])
      expect(inspections.map(({ example }) => example?.actual)).toEqual(['a', 'b', 'c'])
      const scores = readSync(program.forward(variables, batch().inputs, inference).logits)
      inspections.forEach(({ example }, row) => {
        const own = [...scores.slice(row * 3, row * 3 + 3)]
        expect(example?.predicted).toBe(context.task.classes[own.indexOf(Math.max(...own))])
      })
      // The series of an example has a row for each of its tokens, in each layer.
      expect(Object.values(inspections[1]!.series).map((rows) => Object.keys(rows))).toEqual(Array.from({ length: 6 }, () => ['1', '2', '3']))
      // The mean of what is shown by step is what is shown by layer, where the batch has one example.
      const [openness, , byStep] = program.inspect!(variables, idsOf([sentences[0]!]), batch().labels)
      const values = Object.values(byStep!.series['recurrent1.backward, transfer gate']!)
      expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(openness!.series['transfer gate']!['recurrent1.backward']!, 5)
    })
  })

  test('both sentences of a pair, without one that has no words', () => {
    scope(() => {
      const program = recurrentPtu({ layers: 'all' }).prepare(contextOf(pairClassifier({ vocabulary: 9, classes: 3, maximumLength: 5, embeddingSize: 3, hiddenSize: 4 })))
      const inputs: Tensor = stack([idsOf([[2, 3, 0], [4, 0, 0]]), idsOf([[5, 6, 7], [0, 0, 0]])], 1)
      const inspections = program.inspect!(program.init(key), inputs, batch().labels).slice(2)
      expect(inspections.map(({ name, example }) => [name, example?.tokens])).toEqual([
        ['gate-openness-by-step-1-a', [2, 3]],
        ['gate-openness-by-step-1-b', [5, 6, 7]],
        ['gate-openness-by-step-2-a', [4]],
      ])
      expect(inspections[1]!.title).toContain('second sentence')
    })
  })

  test('rows of an image have positions, but no tokens', () => {
    scope(() => {
      const program = recurrentPtu().prepare(contextOf(rowSequence({ classes: 3, inputShape: [3, 2, 1], hiddenSize: 4 })))
      const byStep = program.inspect!(program.init(key), random('images', [1, 3, 2, 1]), batch().labels)[2]!
      expect(byStep).not.toHaveProperty('example')
      expect(Object.keys(byStep.series['recurrent1, fine-tune gate']!)).toEqual(['1', '2', '3'])
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

test.each([
  [() => textCnn({ vocabulary: 9, classes: 3, maximumLength: 8 }), ['embedding']],
  [() => smallClassifier(), ['embedding', 'recurrent']],
  [() => smallClassifier({ bidirectional: true }), ['embedding', 'bidirectional']],
] as const)('the strategy ptu of images knows text networks by these kinds of stages, %#', (make, kinds) => {
  expect(make().stages.map(({ module }) => module.description.kind)).toEqual(expect.arrayContaining([...kinds]))
})

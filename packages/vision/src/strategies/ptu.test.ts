import { candidateKinds } from '@transferkit/gates'
import {
  add,
  type Axes,
  type Batch,
  branchAt,
  convolutionLayer,
  countElements,
  flattenTree,
  foldIn,
  globalAveragePoolLayer,
  grad,
  heNormal,
  identityLayer,
  inference,
  integerTensor,
  type Key,
  leavesOf,
  type LossInputs,
  type LossOutputs,
  mapTree,
  mergeTrees,
  type Module,
  network,
  type Network,
  type ProgramVariables,
  randomKey,
  randomNormal,
  readSync,
  runStages,
  scalar,
  type Scalar,
  scope,
  sequential,
  square,
  type Strategy,
  subtract,
  sum,
  mean,
  type Tensor,
  type TensorTree,
  trainingMode,
  type TransferContext,
  type TransferProgram,
  valueAndGradWithAuxiliary,
} from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { classificationLoss, compose, defineRegulariser, fineTune, l2SpPenalty, sgd } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cifarResnet, tinyImagenetResnet } from '../networks/cifar-resnet.js'
import { convolutionBlock } from '../networks/convolution-block.js'
import { lenet } from '../networks/lenet.js'
import { mobilenetV1 } from '../networks/mobilenet-v1.js'
import { mobilenetV2 } from '../networks/mobilenet-v2.js'
import { residualStage } from '../networks/residual-block.js'
import { resnet18, resnet50 } from '../networks/resnet.js'
import { subsamplingShortcut } from '../networks/shortcuts.js'
import { ptu } from './ptu.js'

const key = randomKey(3)
const classes = ['a', 'b', 'c']

/** Plain layers, each convolution, batch norm and rectifier. */
const plain = ({ widths = [4, 6], inputShape = [6, 6, 2], activation = 'relu' }: { widths?: number[]; inputShape?: number[]; activation?: 'relu' | 'none' } = {}): Network =>
  network({
    name: 'plain',
    inputShape,
    classes: 5,
    stages: [...widths.map((channels, index) => ({ name: `stage${index + 1}`, module: convolutionBlock({ channels, activation }) })), { name: 'pooled', module: globalAveragePoolLayer() }],
  })

/** A stem and two stages of residual blocks, the second with half as large maps and twice as many channels. */
const residual = (): Network => {
  const stage = (channels: number, strides: number, firstShortcut: Module): Module =>
    residualStage({ blocks: 1, channels, strides, firstShortcut, shortcut: identityLayer(), initialiser: heNormal })
  return network({
    name: 'residual',
    inputShape: [6, 6, 2],
    classes: 5,
    stages: [
      { name: 'stem', module: convolutionBlock({ channels: 4 }) },
      { name: 'stage1', module: stage(4, 1, identityLayer()) },
      { name: 'stage2', module: stage(8, 2, subsamplingShortcut(8)) },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })
}

const random = (name: string, shape: readonly number[], size = 1): Tensor => randomNormal(foldIn(key, name), shape, 0, size)

/** A source that is not at its start: random statistics, scales and offsets too. */
const trained = (source: Network): TransferContext['source'] => {
  const start = source.init(key, [1, ...source.inputShape])
  const shaken = (tree: TensorTree): TensorTree => mapTree(tree, (leaf, path) => (path.endsWith('.variance') ? add(square(random(path, leaf.shape, 0.5)), 0.7) : add(leaf, random(path, leaf.shape, 0.1))))
  return { network: source, variables: { params: shaken(start.params), state: shaken(start.state) } }
}

const contextOf = (source: Network): TransferContext => ({ source: trained(source), task: { kind: 'classification', classes }, inputShape: source.inputShape })

const batchFor = ({ inputShape }: TransferContext, size = 4): Batch => ({
  inputs: random('inputs', [size, ...inputShape]),
  labels: integerTensor(Array.from({ length: size }, (_, index) => index % classes.length), [size]),
})

const exactly = (actual: Tensor, expected: Tensor): void => expectClose(actual, expected, { absolute: 0, relative: 0 })

const lossOf = (program: TransferProgram): ((inputs: LossInputs) => LossOutputs) => program.loss?.bind(program) ?? classificationLoss(program)

/** One gradient of the loss, and one step of plain gradient descent. */
const step = (program: TransferProgram, variables: ProgramVariables, batch: Batch, stepKey: Key, learningRate = 0.05): { readonly variables: ProgramVariables; readonly loss: Scalar; readonly gradient: TensorTree } => {
  const loss = lossOf(program)
  const { value, gradient, auxiliary } = valueAndGradWithAuxiliary((params: TensorTree) => {
    const outputs = loss({ variables: { ...variables, params }, batch, key: stepKey, progress: scalar(0) })
    return { value: outputs.loss, auxiliary: outputs.state }
  })(variables.params)
  const optimiser = sgd({})
  const { params } = optimiser.update(gradient, optimiser.init(variables.params), variables.params, { learningRate: scalar(learningRate) })
  return { variables: { ...variables, params, state: auxiliary }, loss: value, gradient }
}

describe.each([
  ['plain layers', plain, ['stage1', 'stage2']],
  ['residual blocks', residual, ['stage1', 'stage2']],
] as const)('over %s', (_name, make, taps) => {
  test.each([
    ['light', 'own'],
    ['light', 'shared'],
    ['threeState', 'own'],
    ['threeState', 'shared'],
  ] as const)('%s, %s: z = 1, f = 0 passes the source on, exactly', (candidate, sourceInput) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batchFor(context)
      const program = ptu({ candidate, sourceInput, gateOverride: { transfer: 1, fineTune: 0 } }).prepare(context)
      const variables = program.init(key)
      const expected = runStages(context.source.network, context.source.variables, inputs, inference)
      for (const mode of [inference, trainingMode(key)]) {
        const forward = program.forward(variables, inputs, mode)
        for (const tap of [...taps, 'pooled']) exactly(forward.taps[tap]!, expected.taps[tap]!)
      }
    })
  })

  test.each(['own', 'shared'] as const)('%s: learned biases of 30 pass the source on as near as rounding allows', (sourceInput) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batchFor(context)
      const program = ptu({ candidate: 'threeState', sourceInput, transferGateBias: 30, fineTuneGateBias: -30 }).prepare(context)
      const expected = runStages(context.source.network, context.source.variables, inputs, inference)
      const { taps: found } = program.forward(program.init(key), inputs, inference)
      for (const tap of taps) expectClose(found[tap]!, expected.taps[tap]!, { absolute: 1e-6, relative: 1e-6 })
    })
  })

  test.each(candidateKinds)('%s: z = 0 is the target network alone, bit for bit, for any f', (candidate) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batchFor(context)
      for (const fineTune of [0, 0.3, 1]) {
        const program = ptu({ candidate, gateOverride: { transfer: 0, fineTune } }).prepare(context)
        const { params, state, frozen } = program.init(key)
        const alone = network({ ...context.source.network, stages: context.source.network.stages, classes: classes.length, head: context.source.network.head })
        // A random network in inference mode has statistics that fit nothing, so that activations are large; in training mode they are as usual.
        const mode = trainingMode(key)
        exactly(program.forward({ params, state, frozen }, inputs, mode).logits, alone.apply({ params, state }, inputs, mode).output)
      }
    })
  })

  test('threeState: z = 1, f = 1 is fine-tuning, before and after a step', () => {
    scope(() => {
      const context = contextOf(make())
      const batch = batchFor(context)
      const [held, plainly] = [ptu({ candidate: 'threeState', gateOverride: { transfer: 1, fineTune: 1 } }).prepare(context), fineTune().prepare(context)]
      const unit = held.init(key)
      const tuned = plainly.init(key)
      // The same new head for both.
      const same: ProgramVariables = { ...tuned, params: mergeTrees({ ...(tuned.params as Record<string, TensorTree>), head: {} }, { head: branchAt(unit.params, 'head') }) }
      exactly(held.forward(unit, batch.inputs, inference).logits, plainly.forward(same, batch.inputs, inference).logits)
      const after = step(held, unit, batch, key).variables
      const expected = step(plainly, same, batch, key).variables
      const clone = flattenTree<Tensor>(branchAt(after.params, 'clones'))
      expect(clone.length).toBeGreaterThan(0)
      for (const { path, leaf } of clone) expectClose(leaf, branchAt(expected.params, path) as Tensor, { absolute: 1e-6, relative: 0 })
      for (const { path, leaf } of flattenTree<Tensor>(branchAt(after.state, 'clones'))) expectClose(leaf, branchAt(expected.state, path) as Tensor, { absolute: 1e-6, relative: 0 })
    })
  })

  test.each(candidateKinds)('%s: training lowers the loss and leaves the source as it was', (candidate) => {
    scope(() => {
      const context = contextOf(make())
      const batch = batchFor(context, 6)
      const program = ptu({ candidate }).prepare(context)
      const before = leavesOf<Tensor>(context.source.variables as unknown as TensorTree).map((leaf) => readSync(leaf).slice())
      let variables = program.init(key)
      const losses: number[] = []
      for (let index = 0; index < 6; index++) {
        const outcome = step(program, variables, batch, foldIn(key, index))
        variables = outcome.variables
        losses.push(readSync(outcome.loss)[0]!)
        expect(flattenTree<Tensor>(outcome.gradient).map(({ path }) => path)).toEqual(flattenTree<Tensor>(variables.params).map(({ path }) => path))
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]!)
      const after = leavesOf<Tensor>(context.source.variables as unknown as TensorTree).map((leaf) => readSync(leaf))
      expect(after).toEqual(before)
      // The frozen tensors are the source's own: nothing was copied, so nothing else could have changed.
      const sourceIds = new Set(leavesOf<Tensor>(context.source.variables as unknown as TensorTree).map(({ id }) => id))
      for (const leaf of leavesOf<Tensor>(variables.frozen)) expect(sourceIds.has(leaf.id)).toBe(true)
    })
  })
})

test('own and shared input agree on a frozen prefix, and differ on a frozen layer behind a tuned one', () => {
  scope(() => {
    const context = contextOf(plain())
    const { inputs } = batchFor(context)
    const logits = (sourceInput: 'own' | 'shared', frozen: string): Tensor => {
      const tuned = frozen === 'stage1' ? 'stage2' : 'stage1'
      const program = ptu({ candidate: 'threeState', sourceInput, gateOverride: { transfer: 1, fineTune: { [frozen]: 0, [tuned]: 1 } } }).prepare(context)
      const start = program.init(key)
      // The tuned layer has moved away from the source.
      const params = mapTree(start.params, (leaf, path) => (path.startsWith(`clones.${tuned}.`) ? add(leaf, 0.1) : leaf))
      return program.forward({ ...start, params }, inputs, inference).logits
    }
    exactly(logits('own', 'stage1'), logits('shared', 'stage1'))
    expect(readSync(logits('own', 'stage2'))).not.toEqual(readSync(logits('shared', 'stage2')))
  })
})

test.each(['own', 'shared'] as const)('gradients with respect to gate weights match central differences, %s', (sourceInput) => {
  scope(() => {
    // Smooth layers: a central difference that steps over a kink says nothing.
    const context = contextOf(plain({ activation: 'none' }))
    const { inputs } = batchFor(context)
    const program = ptu({ candidate: 'threeState', sourceInput }).prepare(context)
    const start = program.init(key)
    const paths = ['units.stage1.transferGate.sourceWeight', 'units.stage1.fineTuneGate.targetWeight', 'units.stage2.transferGate.bias']
    const rest = flattenTree<Tensor>(start.params).filter(({ path }) => !paths.includes(path))
    const report = checkGradients({
      f: (...leaves) => {
        const params = mergeTrees(...rest.map(({ path, leaf }) => nested(path, leaf)), ...paths.map((path, index) => nested(path, leaves[index]!)))
        return program.forward({ ...start, params }, inputs, inference).logits
      },
      inputs: paths.map((path) => add(branchAt(start.params, path) as Tensor, random(path, (branchAt(start.params, path) as Tensor).shape, 0.3))),
      orders: [1],
    })
    for (const error of report.first!) expect(error).toBeLessThan(1e-2)
  })
})

const nested = (path: string, leaf: Tensor): TensorTree => path.split('.').reduceRight<TensorTree>((tree, name) => ({ [name]: tree }), leaf)

const matchFeatures = defineRegulariser({
  name: 'match-features',
  summary: 'Pulls the activations after a stage towards those of the source.',
  reference: { citation: 'A test.' },
  options: z.strictObject({ tap: z.string().default('stage2') }),
  prepare: (_context, _structure, { tap }) => ({
    penalty: (inputs) => mean(square<Axes>(subtract(inputs.forward.taps[tap]!, inputs.source().taps[tap]!))),
  }),
})

describe('composed with regularisers', () => {
  test.each(candidateKinds)('%s: terms on parameters and on activations are added to the loss and trained on', (candidate) => {
    scope(() => {
      const context = contextOf(residual())
      const batch = batchFor(context)
      const strategy: Strategy = compose(ptu({ candidate }), l2SpPenalty({ alpha: 0.1, beta: 0.1 }), matchFeatures())
      expect(strategy.name).toBe('ptu+l2-sp-penalty+match-features')
      const program = strategy.prepare(context)
      const bare = ptu({ candidate }).prepare(context)
      const variables = program.init(key)
      const inputs = { variables, batch, key, progress: scalar(0) }
      const [whole, alone] = [lossOf(program)(inputs), lossOf(bare)(inputs)]
      const penalties = ['l2-sp-penalty', 'match-features'].map((name) => readSync(whole.metrics[name]!)[0]!)
      for (const penalty of penalties) expect(penalty).toBeGreaterThan(0)
      expect(readSync(whole.loss)[0]).toBeCloseTo(readSync(alone.loss)[0]! + penalties[0]! + penalties[1]!, 4)
      const later = step(program, step(program, variables, batch, key, 0.02).variables, batch, key, 0.02)
      expect(readSync(later.loss)[0]).toBeLessThan(readSync(whole.loss)[0]!)
    })
  })

  test.each(candidateKinds)('%s: L2-SP pulls the target branch to the source, the head to 0, and neither clones nor units', (candidate) => {
    scope(() => {
      const context = contextOf(residual())
      const batch = batchFor(context)
      const program = compose(ptu({ candidate, perturbation: 0.05 }), l2SpPenalty({ alpha: 1, beta: 1 })).prepare(context)
      const bare = ptu({ candidate, perturbation: 0.05 }).prepare(context)
      const start = program.init(key)
      // Away from the source, so that there is something to pull.
      const variables = { ...start, params: mapTree(start.params, (leaf) => add(leaf, 0.1)) }
      const gradientOf = (given: TransferProgram): TensorTree => grad((params: TensorTree) => lossOf(given)({ variables: { ...variables, params }, batch, key, progress: scalar(0) }).loss)(variables.params)
      const [whole, alone] = [gradientOf(program), gradientOf(bare)]
      for (const { path, leaf } of flattenTree<Tensor>(whole)) {
        const isPulled = !/^(units|clones)\./.test(path)
        const [before, after] = [readSync(branchAt(alone, path) as Tensor), readSync(leaf)]
        expect([path, after.some((value, index) => Math.abs(value - before[index]!) > 1e-3)]).toEqual([path, isPulled])
        expect(program.parameterGroup!(path).weightDecay === 0).toBe(isPulled || (path.endsWith('.bias') && path.includes('Gate.')))
      }
    })
  })

  test('a penalty on activations reaches the gates', () => {
    scope(() => {
      const context = contextOf(plain())
      const { inputs } = batchFor(context)
      const program = ptu({ candidate: 'threeState' }).prepare(context)
      const start = program.init(key)
      const gradient = grad((params: TensorTree) => sum(square<Axes>(program.forward({ ...start, params }, inputs, trainingMode(key)).taps['stage2']!)))(start.params)
      const opened = branchAt(gradient, 'units.stage2.transferGate.bias') as Tensor
      expect(readSync(opened).some((value) => value !== 0)).toBe(true)
    })
  })
})

describe('parameters', () => {
  // Independent counts of a PyTorch implementation: ResNet-32 with projections, 10 classes.
  test.each([
    [{}, 494_138],
    [{ gate: 'channel' }, 494_138],
    [{ gate: 'scalar' }, 472_864],
    [{ gate: 'diagonal' }, 473_082],
    [{ candidate: 'gru' }, 499_514],
    [{ candidate: 'threeState' }, 954_922],
    [{ candidate: 'threeState', unitsAfter: 'blocks' }, 1_042_890],
  ] as const)('%j has %d', (options, expected) => {
    scope(() => {
      const source = tinyImagenetResnet({ inputShape: [8, 8, 3], classes: 4 })
      const context: TransferContext = {
        source: { network: source, variables: source.init(key, [1, 8, 8, 3]) },
        task: { kind: 'classification', classes: Array.from({ length: 10 }, (_, index) => String(index)) },
        inputShape: [8, 8, 3],
      }
      expect(countElements(ptu(options).prepare(context).init(key).params)).toBe(expected)
    })
  })

  test('gates learn at a rate of their own, and their biases are not decayed', () => {
    scope(() => {
      const program = ptu({ gateLearningRate: 10 }).prepare(contextOf(plain()))
      expect(program.parameterGroup?.('units.stage1.transferGate.bias')).toEqual({ learningRate: 10, weightDecay: 0 })
      expect(program.parameterGroup?.('units.stage1.fineTuneGate.sourceWeight')).toEqual({ learningRate: 10 })
      expect(program.parameterGroup?.('units.stage1.candidate.bias')).toEqual({})
      expect(program.parameterGroup?.('stage1.convolution.filter')).toEqual({})
    })
  })

  test('start from the source or afresh, as the candidate needs, with a new head', () => {
    scope(() => {
      const context = contextOf(plain())
      const start = (options: Parameters<typeof ptu>[0]): Float32Array => readSync(branchAt(ptu(options).prepare(context).init(key).params, 'stage1.convolution.filter') as Tensor)
      const source = readSync(branchAt(context.source.variables.params, 'stage1.convolution.filter') as Tensor)
      expect(start({})).toEqual(source)
      expect(start({ candidate: 'threeState' })).not.toEqual(source)
      expect(start({ candidate: 'threeState', targetInitialisation: 'copy' })).toEqual(source)
      expect((branchAt(ptu().prepare(context).init(key).params, 'head.weight') as Tensor).shape).toEqual([6, 3])
    })
  })
})

describe('places of units', () => {
  const gateTaps = (source: Network, options: Parameters<typeof ptu>[0]): string[] => {
    const context = contextOf(source)
    const program = ptu(options).prepare(context)
    const { inputs, labels } = batchFor(context)
    const [openness] = program.inspect!(program.init(key), inputs, labels)
    return Object.keys(openness!.series['transfer gate']!)
  }

  test('after stages, after blocks, or where told', () => {
    scope(() => {
      const source = cifarResnet({ depth: 14, inputShape: [4, 4, 3] })
      expect(gateTaps(source, {})).toEqual(['stage1', 'stage2', 'stage3'])
      expect(gateTaps(source, { unitsAfter: 'blocks' })).toEqual(['stem', ...[1, 2, 3].flatMap((stage) => [1, 2].map((block) => `stage${stage}.block${block}`))])
      expect(gateTaps(source, { unitsAfter: ['stage2'] })).toEqual(['stage2'])
      expect(gateTaps(lenet({ inputShape: [12, 12, 1] }), { unitsAfter: ['stage1', 'hidden2'] })).toEqual(['stage1', 'hidden2'])
    })
  })

  test('taps keep the names of the network before it was cut', () => {
    scope(() => {
      const context = contextOf(residual())
      const program = ptu({ unitsAfter: 'blocks' }).prepare(context)
      const { taps } = program.forward(program.init(key), batchFor(context).inputs, inference)
      expect(taps['stage2']).toBe(taps['stage2.block1'])
      for (const tap of ['stem', 'stage1', 'stage2', 'pooled']) expect(taps[tap]).toBeDefined()
    })
  })

  test('the candidate goes through the rectifier only where the stage ends with one', () => {
    scope(() => {
      // W_c = I keeps the activations of a stage without a rectifier only if nothing cuts off negative ones.
      const bare = network({
        name: 'bare',
        inputShape: [6, 6, 2],
        classes: 5,
        stages: [
          { name: 'stage1', module: sequential({ convolution: convolutionLayer({ channels: 4, kernelSize: 3, padding: 1 }) }) },
          { name: 'pooled', module: globalAveragePoolLayer() },
        ],
      })
      for (const source of [bare, plain()]) {
        const context = contextOf(source)
        const { inputs } = batchFor(context)
        const program = ptu({ gateOverride: { transfer: 1, fineTune: 1 } }).prepare(context)
        exactly(program.forward(program.init(key), inputs, inference).taps['pooled']!, runStages(source, context.source.variables, inputs, inference).taps['pooled']!)
      }
    })
  })
})

/** Networks with blocks, at widths that a test can afford. */
const narrow: readonly (readonly [string, () => Network])[] = [
  ['resnet18', () => resnet18({ classes: 4, inputShape: [16, 16, 3], widths: [4, 4, 6, 8], stem: 'small' })],
  ['resnet50', () => resnet50({ classes: 4, inputShape: [16, 16, 3], widths: [2, 2, 3, 4], stem: 'small' })],
  ['mobilenet-v1', () => mobilenetV1({ classes: 4, inputShape: [16, 16, 3], widthFactor: 0.05, activation: 'relu6' })],
  ['mobilenet-v2', () => mobilenetV2({ classes: 4, inputShape: [16, 16, 3], widthFactor: 0.1, groups: [{ expansion: 1, channels: 16, blocks: 1, strides: 1 }, { expansion: 2, channels: 24, blocks: 2, strides: 2 }] })],
]

describe.each(narrow)('over %s', (_name, make) => {
  test.each(['stages', 'blocks'] as const)('with units after %s, the source passes through its candidates unchanged where gates are open', (unitsAfter) => {
    scope(() => {
      const context = contextOf(make())
      const { inputs } = batchFor(context, 2)
      const expected = runStages(context.source.network, context.source.variables, inputs, inference).taps
      for (const fineTune of [0, 1]) {
        const program = ptu({ unitsAfter, gateOverride: { transfer: 1, fineTune } }).prepare(context)
        const { taps } = program.forward(program.init(key), inputs, inference)
        // An activation that the candidate may go through once more changes nothing; matrix products of the identity are exact.
        for (const { name } of context.source.network.stages) exactly(taps[name]!, expected[name]!)
      }
    })
  })

  test('a step of training moves units and target branch', () => {
    scope(() => {
      const context = contextOf(make())
      const batch = batchFor(context, 3)
      // Gates with few parameters: the last stage of MobileNet v2 has 1280 channels at any width.
      const program = ptu({ candidate: 'threeState', gate: 'diagonal' }).prepare(context)
      const { gradient } = step(program, program.init(key), batch, key)
      const moved = flattenTree<Tensor>(gradient).filter(({ leaf }) => readSync(leaf).some((value) => value !== 0)).map(({ path }) => path)
      for (const path of ['units.stage1.transferGate.bias', 'units.stage1.fineTuneGate.sourceWeight', 'head.weight']) expect(moved).toContain(path)
      expect(moved.some((path) => path.startsWith('stage2.'))).toBe(true)
    })
  })
})

describe.each(['series', 'parallel'] as const)('a target branch with %s adapters', (targetAdapters) => {
  test('starts as the source, with its filters, and trains adapters, batch norm, head and units only', () => {
    scope(() => {
      const context = contextOf(residual())
      const batch = batchFor(context)
      const program = ptu({ targetAdapters, gateOverride: { transfer: 0 } }).prepare(context)
      const variables = program.init(key)
      const { network: source, variables: trained } = context.source
      const { taps } = program.forward(variables, batch.inputs, inference)
      expectClose(taps['pooled']!, runStages(source, trained, batch.inputs, inference).taps['pooled']!, { absolute: 1e-5, relative: 1e-5 })
      const own = flattenTree<Tensor>(variables.params).map(({ path }) => path)
      for (const path of own) expect(path).toMatch(/adapter|norm|^head\.|^units\./)
      expect(own.some((path) => path.includes('.adapter.'))).toBe(true)
      const filter = branchAt(variables.frozen, 'target.stage1.block1.convolution1.filter') as Tensor
      expect(filter.id).toBe((branchAt(trained.params, 'stage1.block1.convolution1.filter') as Tensor).id)
    })
  })

  test('makes much less of the model private', () => {
    scope(() => {
      const context = contextOf(cifarResnet({ depth: 14, classes: 4, inputShape: [8, 8, 3] }))
      const sizeOf = (options: Parameters<typeof ptu>[0]): number => countElements(ptu({ gate: 'diagonal', ...options }).prepare(context).init(key).params)
      expect(sizeOf({ targetAdapters })).toBeLessThan(sizeOf({}) / 4)
    })
  })

  test('stands in blocks too, and learns', () => {
    scope(() => {
      const context = contextOf(residual())
      const batch = batchFor(context)
      const program = ptu({ targetAdapters, unitsAfter: 'blocks' }).prepare(context)
      let variables = program.init(key)
      const losses: number[] = []
      for (let index = 0; index < 5; index++) {
        const outcome = step(program, variables, batch, key)
        variables = outcome.variables
        losses.push(readSync(outcome.loss)[0]!)
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]!)
      expect(program.forward(variables, batch.inputs, inference).taps['stage2']).toBeDefined()
    })
  })
})

test('another target network is joined through projections where widths differ', () => {
  scope(() => {
    const source = network({ ...plain({ widths: [4, 6, 8], inputShape: [8, 8, 1] }), name: 'narrow' })
    // The maps of the source are as large as those of the target after its first stage only.
    const context = contextOf(source)
    const program = ptu({ targetNetwork: 'digit-network', unitsAfter: ['stage1'] }).prepare(context)
    const variables = program.init(key)
    expect((branchAt(variables.params, 'units.stage1.projection.weight') as Tensor).shape).toEqual([4, 16])
    const { logits } = program.forward(variables, batchFor(context).inputs, trainingMode(key))
    expect(logits.shape).toEqual([4, 3])
  })
})

test('openness tells where gates stand at the start, and that they treat everything alike', () => {
  scope(() => {
    const context = contextOf(plain())
    const program = ptu({ transferGateBias: 1 }).prepare(context)
    const { inputs, labels } = batchFor(context)
    const [openness, spread] = program.inspect!(program.init(key), inputs, labels)
    for (const tap of ['stage1', 'stage2']) {
      expect(openness!.series['transfer gate']![tap]).toBeCloseTo(1 / (1 + Math.exp(-1)), 5)
      expect(openness!.series['fine-tune gate']![tap]).toBeCloseTo(1 / (1 + Math.exp(2)), 5)
      expect(spread!.series['transfer gate']![tap]).toBeCloseTo(0, 3)
    }
  })
})

test('a seed makes one start, another seed another', () => {
  scope(() => {
    const program = ptu({ candidate: 'threeState', perturbation: 0.1 }).prepare(contextOf(plain()))
    const values = (seed: number): number[] => leavesOf<Tensor>(program.init(randomKey(seed)).params).flatMap((leaf) => [...readSync(leaf)])
    expect(values(1)).toEqual(values(1))
    expect(values(1)).not.toEqual(values(2))
  })
})

describe('mistakes are told', () => {
  test('in options', () => {
    expect(() => ptu({ candidat: 'light' } as never)).toThrow(/Strategy 'ptu'.*'candidat'.*Did you mean 'candidate'/)
    expect(() => ptu({ candidate: 'ligt' as never })).toThrow(/'candidate'.*Did you mean 'light'/)
    expect(() => ptu({ gateOverride: { transfer: 2 } })).toThrow(/gateOverride.transfer/)
    expect(() => ptu({ kernelSize: 2 })).toThrow(/'kernelSize'.*must be odd/)
  })

  test.each(['embedding', 'recurrent', 'bidirectional'])('a network with a module of kind %s, which gives sequences, is sent to recurrent-ptu', (kind) => {
    scope(() => {
      const context = contextOf(residual())
      const reading = { name: 'words', module: sequential({ inner: { ...identityLayer(), description: { kind } } }) }
      const source = { ...context.source, network: network({ ...context.source.network, name: 'text', stages: [reading, ...context.source.network.stages] }) }
      expect(() => ptu().prepare({ ...context, source })).toThrow(/'words' of 'text' gives sequences.*'recurrent-ptu' of @transferkit\/nlp/)
    })
  })

  test('in taps and networks', () => {
    scope(() => {
      const context = contextOf(residual())
      expect(() => ptu({ unitsAfter: ['stage4'] }).prepare(context)).toThrow(/no tap 'stage4'.*stem, stage1, stage2, pooled/)
      expect(() => ptu({ unitsAfter: ['stage1', 'stage2.block1'] }).prepare(context)).toThrow(/not all of one cut/)
      expect(() => ptu({ gateOverride: { transfer: { stage3: 1 } } }).prepare(context)).toThrow(/'gateOverride.transfer' names the tap 'stage3', but units stand after: stage1, stage2/)
      expect(() => ptu({ targetNetwork: 'vgg' }).prepare(context)).toThrow(/no network 'vgg'/)
      expect(() => ptu({ targetAdapters: 'paralel' as never })).toThrow(/'targetAdapters'.*Did you mean 'parallel'/)
      expect(() => ptu({ targetAdapters: 'parallel', targetNetwork: 'vgg9' }).prepare(context)).toThrow(/'targetAdapters' its filters are the source's/)
      expect(() => ptu({ targetAdapters: 'series', targetInitialisation: 'random' }).prepare(context)).toThrow(/cannot start at random/)
      expect(() => ptu({ targetNetwork: 'vgg9', candidate: 'threeState' }).prepare(context)).toThrow(/'threeState' runs a clone/)
    })
  })
})

import {
  add,
  type Axes,
  type Batch,
  branchAt,
  countElements,
  flattenTree,
  foldIn,
  grad,
  inference,
  integerTensor,
  leavesOf,
  type LossInputs,
  mapTree,
  mergeTrees,
  multiply,
  type Network,
  partitionTree,
  type ProgramVariables,
  randomKey,
  randomNormal,
  readSync,
  release,
  runStages,
  type Scalar,
  scalar,
  scope,
  slice,
  square,
  subtract,
  tensor,
  type Tensor,
  type TensorTree,
  trainingMode,
  type TransferContext,
  type Variables,
  zerosLike,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { compose, constant, l2SpPenalty, transfer } from '@transferkit/training'
import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { cifarResnet } from '../networks/cifar-resnet.js'
import { lenet } from '../networks/lenet.js'
import { resnet18 } from '../networks/resnet.js'
import { resnet26 } from '../networks/resnet26.js'
import { type GtnOptions, gtnOptions } from './gtn-options.js'
import { gtnPlaces } from './gtn-places.js'
import { gtn } from './gtn.js'

const key = randomKey(4)

const classes = ['a', 'b', 'c']

const random = (name: string, shape: readonly number[], size = 1): Tensor => randomNormal(foldIn(key, name), shape, 0, size)

/** A source that is not at its start: random statistics, scales and offsets too. */
const contextOf = (network: Network): TransferContext => {
  const start = network.init(key, [1, ...network.inputShape])
  const shaken = (tree: TensorTree): TensorTree => mapTree(tree, (leaf, path) => (path.endsWith('.variance') ? add(square(random(path, leaf.shape, 0.5)), 0.7) : add(leaf, random(path, leaf.shape, 0.1))))
  return { source: { network, variables: { params: shaken(start.params), state: shaken(start.state) } }, task: { kind: 'classification', classes }, inputShape: network.inputShape }
}

const tiny = (): TransferContext => contextOf(tinyNetwork(4))

const batchFor = ({ inputShape }: TransferContext, size = 6): Batch => ({
  inputs: random('inputs', [size, ...inputShape]),
  labels: integerTensor(Array.from({ length: size }, (_, index) => index % classes.length), [size]),
})

const exactly = (actual: Tensor, expected: Tensor): void => expectClose(actual, expected, { absolute: 0, relative: 0 })

const replaced = (variables: ProgramVariables, path: string, change: (leaf: Tensor) => Tensor): ProgramVariables => ({
  ...variables,
  params: mapTree(variables.params, (leaf, at) => (at === path ? change(leaf) : leaf)),
})

const lossInputs = (variables: ProgramVariables, batch: Batch): LossInputs => ({ variables, batch, key, progress: scalar(0) })

/** Largest element of a tree's leaves, without their signs. */
const largest = (tree: TensorTree): number => Math.max(0, ...leavesOf<Tensor>(tree).flatMap((leaf) => [...readSync(leaf)].map(Math.abs)))

describe('the gate', () => {
  test('held at 1, it leaves the plain head on the same feature, bit for bit', () => {
    scope(() => {
      const context = tiny()
      const { inputs } = batchFor(context)
      const [held, plain] = [gtn({ gateOverride: 1 }).prepare(context), gtn({ gate: false }).prepare(context)]
      const variables = held.init(key)
      for (const mode of [inference, trainingMode(key)]) exactly(held.forward(variables, inputs, mode).logits, plain.forward(variables, inputs, mode).logits)
      const { output } = runStages(context.source.network, context.source.variables, inputs, inference)
      const weight = readSync(branchAt(variables.params, 'head.weight') as Tensor)
      const feature = readSync(output)
      const expected = Array.from({ length: 6 * 3 }, (_, index) => {
        const [row, column] = [Math.floor(index / 3), index % 3]
        return Array.from({ length: 6 }, (_unused, c) => feature[row * 6 + c]! * weight[c * 3 + column]!).reduce((a, b) => a + b, 0)
      })
      expectClose(held.forward(variables, inputs, inference).logits, expected)
    })
  })

  test('with W_2 = 0 it is 0.5 everywhere, and halves the logits', () => {
    scope(() => {
      const context = tiny()
      const { inputs } = batchFor(context)
      const program = gtn().prepare(context)
      const closed = replaced(program.init(key), 'gate.expand.weight', (leaf) => zerosLike(leaf))
      const { logits, taps } = program.forward(closed, inputs, inference)
      for (const value of readSync(taps['gate.opening']!)) expect(value).toBe(0.5)
      exactly(multiply<Axes>(logits, 2), gtn({ gate: false }).prepare(context).forward(closed, inputs, inference).logits)
    })
  })

  test('lies between 0 and 1, differs between examples, and is equal for equal ones', () => {
    scope(() => {
      const context = tiny()
      const one = random('one', [1, ...context.inputShape])
      const inputs = add(multiply(one, tensor([1, 1, -2], [3, 1, 1, 1])), 0)
      const program = gtn().prepare(context)
      const opening = readSync(program.forward(program.init(key), inputs, inference).taps['gate.opening']!)
      for (const value of opening) expect(value > 0 && value < 1).toBe(true)
      expect(opening.slice(0, 6)).toEqual(opening.slice(6, 12))
      expect(opening.slice(0, 6)).not.toEqual(opening.slice(12))
    })
  })

  test('in front of the mean over positions it does the same as behind it', () => {
    scope(() => {
      const context = tiny()
      const { inputs } = batchFor(context)
      const [onMap, onFeature] = [gtn({ gateAt: 'stage2' }).prepare(context), gtn({ gateAt: 'pooled' }).prepare(context)]
      const variables = onMap.init(key)
      expectClose(onMap.forward(variables, inputs, inference).logits, onFeature.forward(variables, inputs, inference).logits, { absolute: 1e-6, relative: 0 })
    })
  })

  test('of an example does not depend on the others of the batch', () => {
    scope(() => {
      const context = tiny()
      const { inputs } = batchFor(context)
      const program = gtn().prepare(context)
      const variables = program.init(key)
      const whole: Tensor = program.forward(variables, inputs, inference).logits
      const first: Tensor = program.forward(variables, slice(inputs, [0, 0, 0, 0], [2, ...context.inputShape]), inference).logits
      expectClose(first, readSync(whole).slice(0, 6))
    })
  })
})

test('inference is deterministic, and dropout keeps the mean of the logits', () => {
  scope(() => {
    const context = tiny()
    const { inputs } = batchFor(context)
    const program = gtn({ gateDropout: 0, batchNormInWarmUp: 'frozen' }).prepare(context)
    const variables = program.init(key)
    const { prefix } = program.phases![0]!.program!
    const features = prefix!.compute(variables, inputs)
    const plain = readSync(prefix!.forward(variables, features, inference).logits)
    expect(readSync(prefix!.forward(variables, features, inference).logits)).toEqual(plain)
    // Behind the gate everything is linear.
    const count = 600
    const samples = Array.from({ length: count }, (_, index) => readSync(prefix!.forward(variables, features, trainingMode(foldIn(key, index))).logits))
    plain.forEach((expected, element) => {
      const values = samples.map((sample) => sample[element]!)
      const average = values.reduce((a, b) => a + b, 0) / count
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / count)
      expect(deviation).toBeGreaterThan(0)
      expect(Math.abs(average - expected)).toBeLessThan((4.5 * deviation) / Math.sqrt(count))
    })
  })
})

test('the auxiliary term trains the stages in front of it and nothing else, in proportion to its weight', () => {
  scope(() => {
    const context = tiny()
    const batch = batchFor(context)
    const gradientAt = (auxiliaryWeight: number): TensorTree => {
      const program = gtn({ auxiliaryWeight }).prepare(context)
      const variables = program.init(key)
      return grad((params: TensorTree) => program.loss!(lossInputs({ ...variables, params }, batch)).loss)(variables.params)
    }
    const [none, some, twice] = [gradientAt(0), gradientAt(0.2), gradientAt(0.4)]
    for (const { path, leaf } of flattenTree<Tensor>(none)) {
      const differences = [some, twice].map((tree) => subtract(branchAt(tree, path) as Tensor, leaf))
      const isInFront = path.startsWith('stage1.') || path.startsWith('auxiliary.')
      if (isInFront) {
        expectClose(differences[1]!, readSync(differences[0]!).map((value) => 2 * value), { absolute: 1e-5, relative: 1e-4 })
        // The auxiliary classifier is in front of no other loss.
        if (path.startsWith('auxiliary.')) expect(largest({ leaf })).toBe(0)
        else if (!path.endsWith('.bias')) expect(largest({ leaf: differences[0]! })).toBeGreaterThan(0)
      } else expect(largest({ leaf: differences[0]! })).toBe(0)
    }
  })
})

type Values = ReadonlyMap<string, Float32Array>

const valuesOf = ({ params, state }: Variables): Values => new Map([...flattenTree<Tensor>(params), ...flattenTree<Tensor>(state)].map(({ path, leaf }) => [path, readSync(leaf).slice()]))

const isStatistic = (path: string): boolean => /\.(mean|variance)$/.test(path)

describe('the warm-up', () => {
  const warmUpSteps = 6

  /** Names of the source's tensors that a training changes whose warm-up has a fixed number of steps. */
  const changedBy = async (options: GtnOptions, steps: number): Promise<{ readonly parameters: readonly string[]; readonly statistics: readonly string[] }> => {
    const network = tinyNetwork(3)
    const variables = network.init(key, [1, ...network.inputShape])
    const before = valuesOf(variables)
    const strategy = gtn({ ...options, warmUp: warmUpSteps / steps })
    const result = await transfer({ source: { network, variables }, target: tinyDataset({ seed: 2, size: 24 }), strategy, seed: 3, steps, batchSize: 8, schedule: constant(0.05) })
    const after = valuesOf(result.variables)
    result.release()
    release({ ...variables })
    const changed = [...before.keys()].filter((path) => !path.startsWith('head.') && after.get(path)!.some((value, index) => !Object.is(value, before.get(path)![index])))
    return { parameters: changed.filter((path) => !isStatistic(path)), statistics: changed.filter(isStatistic) }
  }

  test.each([
    ['excluded', 'train'],
    ['excluded', 'frozen'],
    ['accumulated', 'train'],
    ['accumulated', 'frozen'],
  ] as const)("momentum %s, batch norm %s: the source's weights are the same after it, bit for bit, and others one step later", async (warmUpMomentum, batchNormInWarmUp) => {
    const options: GtnOptions = { warmUpMomentum, batchNormInWarmUp }
    const { parameters, statistics } = await changedBy(options, warmUpSteps)
    expect(parameters).toEqual([])
    expect(statistics.length > 0).toBe(batchNormInWarmUp === 'train')
    const later = await changedBy(options, warmUpSteps + 1)
    for (const path of ['stage1.convolution.filter', 'stage2.convolution.filter', 'stage2.norm.scale']) expect(later.parameters).toContain(path)
    expect(later.statistics.length).toBeGreaterThan(0)
  })

  test('runs at the speed of its heads where batch norm is frozen: on features that are computed once an example, with the same result', async () => {
    const train = async (caches: boolean): Promise<{ readonly values: Values; readonly cached: readonly string[] }> => {
      const network = tinyNetwork(3)
      const variables = network.init(key, [1, ...network.inputShape])
      const strategy = gtn({ warmUp: 0.5, batchNormInWarmUp: 'frozen' })
      const run = transfer({ source: { network, variables }, target: tinyDataset({ seed: 2, size: 16 }), strategy, seed: 3, steps: 12, batchSize: 8, schedule: constant(0.05), ...(caches ? {} : { features: false }) })
      const cached: string[] = []
      for await (const event of run) if (event.type === 'features-cached') cached.push(event.prefix)
      const result = await run
      const values = valuesOf(result.variables)
      result.release()
      release({ ...variables })
      return { values, cached }
    }
    const [cached, straight] = [await train(true), await train(false)]
    expect(cached.cached).toHaveLength(1)
    expect(cached.cached[0]).toMatch(/^tiny of 8x8x1: stage1, pool, stage2, pooled .*; pooled and the mean of stage1$/)
    expect(straight.cached).toEqual([])
    for (const [path, values] of straight.values) expectClose(cached.values.get(path)!, values, { absolute: 1e-5, relative: 1e-4 })
  })

  test.each([{}, { auxiliary: false }, { gate: false }, { gateAt: 'stage2', auxiliaryAt: 'pool' }] as readonly GtnOptions[])('with %j, loss and gradients on features are those on images', (options) => {
    scope(() => {
      const context = tiny()
      const batch = batchFor(context)
      const program = gtn({ ...options, batchNormInWarmUp: 'frozen' }).prepare(context)
      const variables = program.init(key)
      const [warmUp] = program.phases!
      const { prefix } = warmUp!.program!
      const features = prefix!.compute(variables, batch.inputs)
      const onImages = lossInputs(variables, batch)
      const onFeatures = lossInputs(variables, { ...batch, inputs: features })
      const lossOnImages = (inputs: LossInputs): Scalar => warmUp!.program!.loss!(inputs).loss
      const lossOnFeatures = (inputs: LossInputs): Scalar => prefix!.loss!(inputs).loss
      exactly(lossOnFeatures(onFeatures), lossOnImages(onImages))
      const { selected, rest } = partitionTree(variables.params, (path) => warmUp!.trains!(path))
      const gradientOf = (lossAt: (inputs: LossInputs) => Scalar, inputs: LossInputs): TensorTree =>
        grad((params: TensorTree) => lossAt({ ...inputs, variables: { ...variables, params: mergeTrees(params, rest) } }))(selected)
      const expected = gradientOf(lossOnImages, onImages)
      for (const { path, leaf } of flattenTree<Tensor>(gradientOf(lossOnFeatures, onFeatures))) expectClose(leaf, branchAt(expected, path) as Tensor, { absolute: 1e-6, relative: 1e-5 })
    })
  })

  test('lasts as long as it is told', () => {
    scope(() => {
      const phasesWith = (warmUp: number): readonly (readonly [string, number])[] => gtn({ warmUp }).prepare(tiny()).phases!.map(({ name, until }) => [name, until])
      expect(phasesWith(0.21)).toEqual([['warm-up', 0.21], ['training', 1]])
      expect(phasesWith(0)).toEqual([['training', 1]])
      expect(phasesWith(1)).toEqual([['warm-up', 1]])
    })
  })
})

describe('parameters', () => {
  test.each([
    [{}, 2 * 6 * 16],
    [{ reduction: 2, minimumHiddenUnits: 1 }, (2 * 6 * 6) / 2],
    [{ gate: false }, 0],
    [{ gateOverride: 0.5 }, 0],
  ] as const)('%j: 2CH of the gate, CK of the head and C_aux K of the auxiliary classifier above the backbone', (options, gate) => {
    scope(() => {
      const context = tiny()
      const backbone = countElements(partitionTree(context.source.variables.params, (path) => !path.startsWith('head.')).selected)
      const program = gtn(options).prepare(context)
      const start = program.init(key)
      expect(countElements(start.params)).toBe(backbone + gate + 6 * 3 + 4 * 3)
      expect(countElements(program.publish!(start).params)).toBe(backbone + gate + 6 * 3)
      expect(countElements(gtn({ ...options, auxiliary: false }).prepare(context).init(key).params)).toBe(backbone + gate + 6 * 3)
    })
  })

  test('a wide feature has a hidden unit for 16 channels', () => {
    scope(() => {
      const context = contextOf(lenet({ inputShape: [12, 12, 1], classes: 4 }))
      const { params } = gtn({ auxiliaryAt: 'stage1', minimumHiddenUnits: 2 }).prepare(context).init(key)
      const [channels, hidden] = (branchAt(params, 'gate.reduce.weight') as Tensor).shape
      expect(hidden).toBe(Math.floor(channels! / 16))
    })
  })

  test('new ones learn at a rate of their own, and the source rests in the warm-up of the official code', () => {
    scope(() => {
      const program = gtn({ headLearningRate: 10, warmUpMomentum: 'accumulated' }).prepare(tiny())
      for (const path of ['gate.reduce.weight', 'head.weight', 'auxiliary.weight']) {
        expect(program.parameterGroup!(path)).toEqual({ learningRate: 10 })
        expect(program.phases![0]!.program!.parameterGroup!(path)).toEqual({ learningRate: 10 })
      }
      expect(program.parameterGroup!('stage1.convolution.filter')).toEqual({})
      expect(program.phases![0]!.program!.parameterGroup!('stage1.convolution.filter')).toEqual({ learningRate: 0 })
    })
  })
})

test('the trained model is the gated network without the auxiliary classifier', () => {
  scope(() => {
    const context = tiny()
    const { inputs } = batchFor(context)
    const program = gtn().prepare(context)
    const variables = program.init(key)
    const { logits, taps } = program.forward(program.publish!(variables), inputs, inference)
    exactly(logits, program.forward(variables, inputs, inference).logits)
    expect(taps['auxiliary']).toBeUndefined()
    const folded = program.fold!(variables)
    exactly(folded.network.apply(folded.variables, inputs, inference).output, logits)
  })
})

describe('places', () => {
  const placesIn = (network: Network, options: GtnOptions = {}): readonly (string | undefined)[] => {
    const { gate, auxiliary } = scope(() => gtnPlaces({ source: { network, variables: network.init(key, [1, ...network.inputShape]) }, inputShape: network.inputShape }, gtnOptions.parse(options)))
    return [gate.tap, auxiliary?.tap]
  }

  test('are the feature, and the last but one stage that gives maps', () => {
    expect(placesIn(tinyNetwork(3))).toEqual(['pooled', 'stage1'])
    expect(placesIn(cifarResnet({ depth: 8, classes: 4, inputShape: [8, 8, 3] }))).toEqual(['pooled', 'stage2'])
    expect(placesIn(resnet26({ classes: 4, inputShape: [8, 8, 3], blocks: [1, 1, 1], widthFactor: 0.125 }))).toEqual(['pooled', 'stage2'])
    expect(placesIn(resnet18({ classes: 4, inputShape: [32, 32, 3], widths: [4, 4, 6, 6] }))).toEqual(['pooled', 'stage3'])
  })

  test('are anywhere else where they are told to be, inside stages too', () => {
    const network = cifarResnet({ depth: 14, classes: 4, inputShape: [8, 8, 3] })
    expect(placesIn(network, { gateAt: 'stage2' })).toEqual(['stage2', 'stage1'])
    expect(placesIn(network, { gateAt: 'stage3.block1' })).toEqual(['stage3.block1', 'stage2.block2'])
    expect(placesIn(network, { auxiliaryAt: 'stem', gate: false })).toEqual(['pooled', 'stem'])
    expect(placesIn(network, { auxiliary: false })).toEqual(['pooled', undefined])
  })

  test('that are wrong are told', () => {
    const network = cifarResnet({ depth: 14, classes: 4, inputShape: [8, 8, 3] })
    expect(() => placesIn(network, { gateAt: 'stag3' })).toThrow(/'gtn', option 'gateAt'.*no tap 'stag3'. Did you mean 'stage3'/)
    expect(() => placesIn(network, { auxiliaryAt: 'stage4' })).toThrow(/option 'auxiliaryAt'.*no tap 'stage4'/)
    expect(() => placesIn(network, { gateAt: 'stage1', auxiliaryAt: 'stage2' })).toThrow(/'stage2', which is behind the gate at 'stage1'.*stem, stage1/)
    expect(() => placesIn(network, { gateAt: 'stem' })).toThrow(/needs to be told where.*'auxiliary' to false/)
  })
})

describe('what there is to see', () => {
  test('mean and spread, closed features by class, and the features that tell classes apart', () => {
    scope(() => {
      const context = tiny()
      const { inputs, labels } = batchFor(context)
      const program = gtn().prepare(context)
      // A gate that is not near its start.
      const variables = replaced(program.init(key), 'gate.expand.weight', (leaf) => multiply(leaf, 40))
      const opening = readSync(program.forward(variables, inputs, inference).taps['gate.opening']!)
      const [mean, spread, closed, telling] = program.inspect!(variables, inputs, labels)
      const average = opening.reduce((a, b) => a + b, 0) / opening.length
      expect(mean!.title).toBe('How far the gate is open')
      expect(mean!.series['feature gate']!['pooled']).toBeCloseTo(average, 5)
      expect(spread!.series['feature gate']!['pooled']).toBeCloseTo(Math.sqrt(opening.reduce((a, b) => a + (b - average) ** 2, 0) / opening.length), 5)
      // Examples 1 and 4 are of class b.
      const ofClass = Array.from({ length: 6 }, (_, feature) => (opening[6 + feature]! + opening[24 + feature]!) / 2)
      expect(closed!.series['b']).toEqual({
        'below 0.1': ofClass.filter((value) => value < 0.1).length / 6,
        'below 0.25': ofClass.filter((value) => value < 0.25).length / 6,
        'below 0.5': ofClass.filter((value) => value < 0.5).length / 6,
      })
      expect(Object.keys(telling!.series)).toEqual(classes)
      for (const [feature, value] of Object.entries(telling!.series['b']!)) expect(value).toBeCloseTo(ofClass[Number(feature.split(' ')[1])]!, 5)
    })
  })

  test('a dead gate is told, in the metrics too', () => {
    scope(() => {
      const context = tiny()
      const batch = batchFor(context)
      const program = gtn().prepare(context)
      const alive = program.init(key)
      const dead = replaced(alive, 'gate.reduce.weight', (leaf) => zerosLike(leaf))
      const spreadOf = (variables: ProgramVariables): number => readSync(program.loss!(lossInputs(variables, batch)).metrics['gateSpread']!)[0]!
      expect(spreadOf(dead)).toBe(0)
      expect(spreadOf(alive)).toBeGreaterThan(0)
      expect(program.inspect!(dead, batch.inputs, batch.labels)[0]!.title).toMatch(/the gate is dead.*minimumHiddenUnits/)
    })
  })

  test('nothing without a learned gate', () => {
    scope(() => {
      const context = tiny()
      const { inputs, labels } = batchFor(context)
      for (const options of [{ gate: false }, { gateOverride: 1 }]) {
        const program = gtn(options).prepare(context)
        expect(program.inspect!(program.init(key), inputs, labels)).toEqual([])
      }
    })
  })
})

test('regularisers are added to its loss, in the warm-up too', () => {
  scope(() => {
    const context = tiny()
    const batch = batchFor(context)
    const strategy = compose(gtn({ batchNormInWarmUp: 'frozen' }), l2SpPenalty({ alpha: 0.1, beta: 0.1 }))
    const [program, bare] = [strategy.prepare(context), gtn({ batchNormInWarmUp: 'frozen' }).prepare(context)]
    const inputs = lossInputs(program.init(key), batch)
    for (const [whole, alone] of [
      [program.loss!(inputs), bare.loss!(inputs)],
      [program.phases![0]!.program!.loss!(inputs), bare.phases![0]!.program!.loss!(inputs)],
    ] as const) {
      const penalty = readSync(whole.metrics['l2-sp-penalty']!)[0]!
      expect(penalty).toBeGreaterThan(0)
      expect(readSync(whole.loss)[0]).toBeCloseTo(readSync(alone.loss)[0]! + penalty, 4)
    }
  })
})

test('mistakes in options are told', () => {
  expect(() => gtn({ gatedropout: 0.5 } as never)).toThrow(/Strategy 'gtn'.*'gatedropout'.*Did you mean 'gateDropout'/)
  expect(() => gtn({ gateDropout: 1 })).toThrow(/gateDropout/)
  expect(() => gtn({ warmUp: 21 })).toThrow(/warmUp/)
  expect(() => gtn({ warmUpMomentum: 'acumulated' as never })).toThrow(/Did you mean 'accumulated'/)
})

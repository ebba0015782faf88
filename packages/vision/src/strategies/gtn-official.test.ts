import { openRuntime } from '@transferkit/runtime/node'
import {
  add,
  type Batch,
  branchAt,
  type Compile,
  inference,
  integerTensor,
  type Key,
  type Logits,
  type LossOutputs,
  mean,
  mergeTrees,
  multiply,
  partitionTree,
  type ProgramVariables,
  randomKey,
  readSync,
  type Scalar,
  scalar,
  scope,
  softmaxCrossEntropy,
  type StepInputs,
  type Tensor,
  type TensorTree,
  type TrainingState,
  transpose,
  type TransferProgram,
  valueAndGrad,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { floatsOf, sgd, trainingStep, withParameterGroups } from '@transferkit/training'
import { runCompiled } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import { type Official, official, officialNumbers } from '../pytorch/official.fixture.js'
import { exportPytorch, importPytorch } from '../pytorch/weights.js'
import { gatedNetwork } from './gtn-network.js'
import { officialAuxiliary, officialContext, type OfficialGtn, officialNames, withMasks } from './gtn-official.fixture.js'
import { type GtnOptions, gtnOptions } from './gtn-options.js'
import { gtnPlaces } from './gtn-places.js'
import { gtnProgram } from './gtn.js'

interface Numbers {
  readonly hyperparameters: OfficialGtn
  readonly scalars: Readonly<Record<string, readonly [value: number, relative: number, absolute: number]>>
  readonly tolerances: Readonly<Record<string, readonly [relative: number, absolute: number]>>
}

const key: Key = randomKey(1)

/** Everything about one set of official numbers. */
interface OfficialSet {
  readonly fixture: Official
  readonly hyperparameters: OfficialGtn
  close(actual: Tensor | Float32Array, wanted: string): void
  closeScalar(actual: Tensor, wanted: string): void
}

const setOf = (name: string): OfficialSet => {
  const fixture = official(name)
  const { hyperparameters, scalars, tolerances } = officialNumbers<Numbers>(name)
  const close = (actual: Tensor | Float32Array, wanted: string): void => {
    const [relative, absolute] = tolerances[wanted]!
    expectClose(actual, fixture.values(wanted), { relative, absolute })
  }
  const closeScalar = (actual: Tensor, wanted: string): void => {
    const [value, relative, absolute] = scalars[wanted]!
    expectClose(actual, [value], { relative, absolute })
  }
  return { fixture, hyperparameters, close, closeScalar }
}

/** Tensors under their official names. */
type Named = (params: TensorTree, state?: TensorTree) => ReadonlyMap<string, Float32Array>

/** A program with its variables. */
interface OfficialProgram {
  readonly program: TransferProgram
  readonly variables: ProgramVariables
  readonly named: Named
}

/** The program with the official hyper-parameters; with the masks of a step where one is told, else without dropout. */
const programOf = ({ fixture, hyperparameters }: OfficialSet, step: number | undefined, changes: GtnOptions = {}): OfficialProgram => {
  const { reduction, num_classes, auxWeight, gateDropout, headDropout } = hyperparameters
  const dropout = step === undefined ? { gateDropout: 0, headDropout: 0 } : { gateDropout, headDropout }
  const options = gtnOptions.parse({ reduction, minimumHiddenUnits: 1, auxiliaryWeight: auxWeight, ...dropout, ...changes })
  const context = officialContext(hyperparameters)
  const places = gtnPlaces(context, options)
  expect([places.gate.tap, places.auxiliary?.tap]).toEqual(['pooled', 'stage3'])
  const gated = gatedNetwork(places, num_classes, options)
  const masked = step === undefined ? gated : withMasks(gated, { gate: fixture.ours('mask_gate'), head: fixture.ours('mask_head') }, step)
  const { params, state } = importPytorch(
    gated,
    fixture.state.filter(({ name }) => name !== officialAuxiliary),
    officialNames,
  )
  const auxiliary = { auxiliary: { weight: fixture.ours(`state/${officialAuxiliary}`) } }
  const named: Named = (tree, statistics = {}) => {
    const inNetwork = partitionTree(tree, (path) => !path.startsWith('auxiliary.')).selected
    const entries = exportPytorch(gated, { params: inNetwork, state: statistics }, officialNames)
    // The auxiliary classifier is one matrix.
    const weight: Tensor = transpose(branchAt(tree, 'auxiliary.weight') as Tensor, [1, 0])
    return new Map([...entries.map((entry) => [entry.name, floatsOf(entry)] as const), [officialAuxiliary, readSync(weight)]])
  }
  return { program: gtnProgram(context, places, masked, options), variables: { params: mergeTrees(params, auxiliary), state, frozen: {} }, named }
}

const batchOf = ({ fixture }: OfficialSet): Batch => {
  const labels = fixture.values('y')
  return { inputs: fixture.ours('x', 'images'), labels: integerTensor([...labels], [labels.length]) }
}

describe.each(['gtn-small', 'gtn-schedule'])('%s of the official code', (name) => {
  const set = setOf(name)

  const checkInference = (compile: Compile): void => {
    scope(() => {
      const { program, variables } = programOf(set, undefined)
      const { inputs, labels } = batchOf(set)
      const { logits, taps } = compile((x: Tensor) => program.forward(variables, x, inference))(inputs)
      set.close(logits, 'eval.out')
      set.close(taps['auxiliary']!, 'eval.aux')
      set.close(taps['gate.opening']!, 'eval.gate')
      set.close(taps['pooled']!, 'eval.pooled')
      const crossEntropy = (scores: Tensor): Scalar => {
        // Scores by class.
        const losses: Tensor = softmaxCrossEntropy(scores as unknown as Logits, labels)
        return mean(losses)
      }
      set.closeScalar(add(crossEntropy(logits), multiply(crossEntropy(taps['auxiliary']!), set.hyperparameters.auxWeight)), 'eval.loss')
    })
  }

  const checkTraining = (kind: 'nodrop' | 'masked', step: number | undefined, compile: Compile): void => {
    scope(() => {
      const { program, variables, named } = programOf(set, step)
      const batch = batchOf(set)
      const lossAt = (params: TensorTree): LossOutputs => program.loss!({ variables: { ...variables, params }, batch, key, progress: scalar(0) })
      const { logits, taps, loss, metrics } = compile(lossAt)(variables.params)
      set.close(logits, `train.${kind}.out`)
      set.close(taps['auxiliary']!, `train.${kind}.aux`)
      set.close(taps['gate.opening']!, `train.${kind}.gate`)
      set.closeScalar(loss, `train.${kind}.total`)
      set.closeScalar(metrics['auxiliaryLoss']!, `train.${kind}.aux`)
      const { gradient } = compile(valueAndGrad((params: TensorTree) => lossAt(params).loss))(variables.params)
      const gradients = named(gradient)
      const names = set.fixture.names(`grad.${kind}/`)
      expect([...gradients.keys()].sort()).toEqual([...names].sort())
      for (const parameter of names) set.close(gradients.get(parameter)!, `grad.${kind}/${parameter}`)
    })
  }

  const kinds = [
    ['nodrop', undefined],
    ['masked', 0],
  ] as const

  test('in inference: both logits, gate and feature', () => {
    checkInference((f) => f)
  })

  test.each(kinds)('in training, %s: logits, losses and all gradients', (kind, step) => {
    checkTraining(kind, step, (f) => f)
  })

  test('compiled, in all of it', async ({ skip }) => {
    await runCompiled(() => openRuntime({ backend: 'native' }), skip, (compile) => {
      checkInference(compile)
      for (const [kind, step] of kinds) checkTraining(kind, step, compile)
    })
  })
})

/** Trains as the official code did, and compares what it kept. */
const checkSchedule = (compile: Compile): void => {
  const set = setOf('gtn-schedule')
  const { epochs, keptEpochs, lr, momentum, weightDecay } = set.hyperparameters
  const warmUp = 21 / epochs
  scope(() => {
    const batch = batchOf(set)
    const start = programOf(set, 0)
    let training: TrainingState = { params: start.variables.params, state: start.variables.state, optimiser: sgd({ momentum, weightDecay }).init(start.variables.params), extra: {} }
    for (let epoch = 0; epoch < epochs; epoch++) {
      training = scope(() => {
        const { program } = programOf(set, epoch, { warmUp, warmUpMomentum: 'accumulated' })
        const phase = program.phases!.find(({ until }) => epoch < Math.round(until * epochs))!
        expect(phase.name).toBe(epoch < 21 ? 'warm-up' : 'training')
        expect('trains' in phase).toBe(false)
        const now = { ...program, ...phase.program }
        const optimiser = withParameterGroups(sgd({ momentum, weightDecay }), (path) => now.parameterGroup!(path))
        const inputs: StepInputs = { training, frozen: {}, batch, key, progress: scalar(epoch / epochs), optimiser, learningRate: scalar(lr) }
        return compile(trainingStep(now))(inputs).training
      })
      if (!keptEpochs.includes(epoch)) continue
      const { program, named } = programOf(set, undefined)
      const found = named(training.params, training.state)
      const names = set.fixture.names(`epoch${epoch}/`)
      expect([...found.keys()].sort()).toEqual([...names].sort())
      for (const tensor of names) set.close(found.get(tensor)!, `epoch${epoch}/${tensor}`)
      set.close(program.forward({ ...training, frozen: {} }, batch.inputs, inference).logits, `epoch${epoch}.eval.out`)
    }
  })
}

const schedule = 'the official schedule: frozen weights gather momentum for 21 epochs, which is released when they are freed'

// 23 steps take long on the plain JavaScript backend.
test(schedule, { timeout: 300_000 }, async () => {
  const runtime = await openRuntime({ backend: 'wasm' })
  try {
    checkSchedule((f) => f)
  } finally {
    runtime.close()
  }
})

test(`${schedule}, compiled`, { timeout: 300_000 }, async ({ skip }) => {
  await runCompiled(() => openRuntime({ backend: 'native' }), skip, checkSchedule)
})

import { add, type Compile, type Dataset, type LossInputs, multiply, type Optimiser, readSync, release, type Scalar, scalar, square, type Strategy, subtract, subtree, sum, type Tensor, type TensorTree, tensor, type TrainingPhase, type TransferProgram, variable, zeros } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { adam } from '../optimisers/adam.js'
import { sgd } from '../optimisers/sgd.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { constant } from '../schedules/schedule.js'
import { compose } from '../strategies/compose.js'
import { l2SpPenalty } from '../strategies/l2-sp.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import type { TrainingEvent } from './events.js'
import { pretrain, type PretrainedNetwork } from './pretrain.js'
import { runToEnd } from './run-to-end.fixture.js'
import { train } from './train.js'
import type { Trained, TrainOptions } from './training-settings.js'
import { transfer, type TransferOptions } from './transfer.js'
import { warmUp } from './warm-up.fixture.js'

const learningRate = 0.1

const weight = (params: TensorTree, name: string): Tensor => subtree<Tensor>(params, `${name}.weight`) as Tensor

/** A loss whose steps can be computed by hand: `(a - 1)² + (2b - 6)²`. */
const byHand = (phases: readonly TrainingPhase[]): TransferProgram => {
  const loss = ({ variables: { params }, batch }: LossInputs) => {
    const [a, b] = [weight(params, 'a'), weight(params, 'b')]
    const value: Scalar = sum(add(square(subtract(a, 1)), square(subtract(multiply(b, 2), 6))))
    return { loss: value, logits: zeros([batch.labels.shape[0], 4]), taps: {}, state: {}, metrics: {} }
  }
  return { init: () => ({ params: { a: { weight: tensor([4], [1]) }, b: { weight: tensor([-1], [1]) } }, frozen: {}, state: {} }), forward: () => ({ logits: zeros([1, 4]), taps: {}, state: {} }), loss, phases }
}

const slopes: Readonly<Record<string, (value: number) => number>> = { a: (a) => 2 * (a - 1), b: (b) => 4 * (2 * b - 6) }

/** An optimiser of one number, in double precision, with memory of its own. */
type Rule = () => (value: number, slope: number) => number

const momentum: Rule = () => {
  let velocity = 0
  return (value, slope) => value - learningRate * (velocity = 0.9 * velocity + slope)
}

const adamRule: Rule = () => {
  let [mean, meanSquare, count] = [0, 0, 0]
  return (value, slope) => {
    count++
    mean = 0.9 * mean + 0.1 * slope
    meanSquare = 0.999 * meanSquare + 0.001 * slope ** 2
    return value - (learningRate * (mean / (1 - 0.9 ** count))) / (Math.sqrt(meanSquare / (1 - 0.999 ** count)) + 1e-8)
  }
}

const finish = async (options: TrainOptions): Promise<{ readonly events: readonly TrainingEvent[]; readonly result: Trained }> => {
  const events: TrainingEvent[] = []
  const run = train(options)
  for (;;) {
    const next = await run.next()
    if (next.done === true) return { events, result: next.value }
    events.push(next.value)
  }
}

const dataset = tinyDataset({ seed: 2, size: 8 })
const only = (name: string) => (path: string): boolean => path.startsWith(`${name}.`)

describe('parameters that a phase holds', () => {
  const phases: readonly TrainingPhase[] = [
    { name: 'first', until: 0.3, trains: only('a') },
    { name: 'both', until: 0.6 },
    { name: 'other', until: 0.8, trains: only('b') },
    { name: 'last', until: 1 },
  ]
  const isTrained = (name: string, step: number): boolean => step >= 8 || (name === 'a' ? step < 6 : step >= 3)

  test.each<readonly [string, () => Optimiser, Rule]>([
    ['momentum', () => sgd({ momentum: 0.9 }), momentum],
    ['Adam, which counts the steps of each', () => adam(), adamRule],
  ])('are neither moved nor remembered, and go on where they paused: %s', async (_name, optimiser, rule) => {
    const { result } = await finish({ program: byHand(phases), dataset, seed: 1, steps: 10, batchSize: 8, optimiser: optimiser(), schedule: constant(learningRate) })
    for (const [name, start] of Object.entries({ a: 4, b: -1 })) {
      const next = rule()
      let value = start
      for (let step = 0; step < 10; step++) if (isTrained(name, step)) value = next(value, slopes[name]!(value))
      expectClose(weight(result.variables.params, name), [value], { absolute: 1e-4, relative: 1e-4 })
    }
    release({ ...result.variables })
  })

  test('each phase says what it trains when it begins', async () => {
    const { events, result } = await finish({ program: byHand(phases), dataset, seed: 1, steps: 10, batchSize: 8 })
    expect(events.filter(({ type }) => type === 'phase-start')).toEqual([
      { type: 'phase-start', name: 'first', step: 0, trainedParameters: 1 },
      { type: 'phase-start', name: 'both', step: 3, trainedParameters: 2 },
      { type: 'phase-start', name: 'other', step: 6, trainedParameters: 1 },
      { type: 'phase-start', name: 'last', step: 8, trainedParameters: 2 },
    ])
    expect(result.trainedParameters).toBe(2)
    release({ ...result.variables })
  })

  test('a phase has its own treatment by the optimiser', async () => {
    const program = byHand([{ name: 'slow', until: 1, program: { parameterGroup: (path) => (path.startsWith('b.') ? { learningRate: 0 } : {}) } }])
    const { result } = await finish({ program, dataset, seed: 1, steps: 2, batchSize: 8 })
    expect(readSync(weight(result.variables.params, 'b'))[0]).toBe(-1)
    release({ ...result.variables })
  })

  test('a phase that trains nothing is refused by name', async () => {
    await expect(finish({ program: byHand([{ name: 'typo', until: 1, trains: only('c') }]), dataset, seed: 1, steps: 2 })).rejects.toThrow("Phase 'typo' of the training: it trains none of the parameters a.weight, b.weight")
  })

  test('an optimiser that mixes up what it remembers is refused', async () => {
    const plain = sgd()
    const byPosition: Optimiser = { ...plain, init: (params): TensorTree => ({ count: tensor([...Object.keys(params)].map(() => 0), [Object.keys(params).length]) }) }
    await expect(finish({ program: byHand(phases), dataset, seed: 1, steps: 10, optimiser: byPosition })).rejects.toThrow("the optimiser's memory 'count'")
  })
})

let source: PretrainedNetwork

beforeAll(async () => {
  source = await pretrain({ network: tinyNetwork(2), dataset: tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] }), steps: 8, batchSize: 8, schedule: constant(0.05) })
})

afterAll(() => {
  source.release()
})

const target: Dataset = tinyDataset({ seed: 2, size: 20 })
const given = (changes: Partial<TransferOptions> = {}): TransferOptions => ({ source, target, strategy: warmUp(), seed: 3, steps: 8, batchSize: 8, schedule: constant(0.05), ...changes })

/** Events without what a clock decides, and without word of features, which a resumed training gets again. */
const timeless = (events: readonly TrainingEvent[]): readonly unknown[] =>
  events.filter(({ type }) => type !== 'features-cached' && type !== 'checkpoint-saved').map((event) => ({ ...event, examplesPerSecond: 0, seconds: 0 }))

describe('resuming a training with phases', () => {
  test.each([1, 3, 4, 5, 7])('after step %i gives the same numbers and events', async (stop) => {
    const settings = given({ optimiser: adam(), validation: 0.2, keep: 'best', compile: (f) => f })
    const straight = await runToEnd(settings)
    const stopping = new AbortController()
    let checkpoint: Uint8Array | undefined
    const seen: TrainingEvent[] = []
    const interrupted = (async () => {
      for await (const event of transfer({ ...settings, signal: stopping.signal, saveCheckpoint: (bytes) => void (checkpoint = bytes) })) {
        seen.push(event)
        if (event.type === 'step-end' && event.step === stop) stopping.abort()
      }
    })()
    await expect(interrupted).rejects.toThrow(`stopped after step ${stop} of 8`)
    const resumed = await runToEnd({ ...settings, resumeFrom: checkpoint! })
    expect(Buffer.compare(resumed.tensors, straight.tensors)).toBe(0)
    // Stopped where a phase ends, a training may have said already that the next one begins; a record forgets that.
    const before = seen.filter((event) => event.type !== 'phase-start' || event.step < stop)
    expect(timeless([...before, ...resumed.events.slice(1)])).toEqual(timeless(straight.events))
  })

  test('a checkpoint does not fit other phases', async () => {
    let checkpoint: Uint8Array | undefined
    await runToEnd(given({ checkpointEvery: 3, saveCheckpoint: (bytes) => void (checkpoint = bytes) }))
    await expect(runToEnd(given({ strategy: warmUp({ until: 0.25 }), resumeFrom: checkpoint! }))).rejects.toThrow('phases')
  })
})

test('steps are compiled in the precision of the training', async () => {
  const compile = vi.fn((f: unknown) => f)
  // Any function will do; the loop gives it steps and calls what comes back.
  const settings = given({ compile: compile as unknown as Compile, precision: 'bfloat16' })
  await runToEnd(settings)
  expect(compile).toHaveBeenCalledWith(expect.any(Function), { precision: 'bfloat16' })
})

test('a composition keeps the phases of its structure, and trains what regularisers add in all of them', async () => {
  const growing = {
    ...l2SpPenalty(),
    name: 'growing',
    prepare: () => ({ init: () => ({ size: scalar(1) }), penalty: ({ ownParams }: { readonly ownParams: TensorTree }) => sum(square(variable(ownParams, 'size'))) }),
  }
  const asked: string[] = []
  const spied: Strategy = {
    ...warmUp(),
    prepare: (context) => {
      const program = warmUp().prepare(context)
      const phases = program.phases!.map((phase) => ({ ...phase, trains: (path: string) => (asked.push(path), phase.trains?.(path) ?? true) }))
      return { ...program, phases }
    },
  }
  const strategy = compose(spied, l2SpPenalty({ alpha: 0.1 }), growing)
  const checkpoints = new Map<number, Uint8Array>()
  const { events } = await runToEnd(given({ strategy, checkpointEvery: 1, saveCheckpoint: (bytes, step) => void checkpoints.set(step, bytes) }))
  expect(events.flatMap((event) => (event.type === 'phase-start' ? [[event.name, event.trainedParameters]] : []))).toEqual([['warm-up', 29], ['fine-tuning', 301]])
  expect(events.some(({ type }) => type === 'features-cached')).toBe(false)
  expect(events.flatMap((event) => (event.type === 'step-end' ? [Object.keys(event.metrics).sort().join(' ')] : []))).toEqual(Array<string>(8).fill('accuracy growing l2-sp-penalty loss'))
  expect(asked.some((path) => path.startsWith('regularisers.'))).toBe(false)
  const entry = (step: number, name: string): Uint8Array => readSafetensors(checkpoints.get(step)!).entries.find((found) => found.name === name)!.data
  expect(entry(1, 'params.regularisers.growing.size')).not.toEqual(entry(4, 'params.regularisers.growing.size'))
  expect(entry(1, 'params.stage1.norm.scale')).toEqual(entry(4, 'params.stage1.norm.scale'))
  expect(entry(4, 'params.stage1.norm.scale')).not.toEqual(entry(5, 'params.stage1.norm.scale'))
})

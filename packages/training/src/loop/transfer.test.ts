import {
  add,
  type BatchTransform,
  type Dataset,
  type HostBatch,
  matMul,
  mean,
  multiply,
  randomNormal,
  square,
  type Strategy,
  subtract,
  type Tensor,
  TransferkitError,
  type TransferProgram,
  variable,
} from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { constant } from '../schedules/schedule.js'
import { defineRegulariser } from '../strategies/define-strategy.js'
import { compose } from '../strategies/compose.js'
import { featureExtraction } from '../strategies/feature-extraction.js'
import { fineTune } from '../strategies/fine-tune.js'
import { partial } from '../strategies/partial.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import type { TrainingEvent } from './events.js'
import { pretrain, type PretrainedNetwork } from './pretrain.js'
import { runToEnd } from './run-to-end.fixture.js'
import { transfer, type TransferOptions } from './transfer.js'

let source: PretrainedNetwork

beforeAll(async () => {
  source = await pretrain({ network: tinyNetwork(2), dataset: tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] }), steps: 8, batchSize: 8, schedule: constant(0.05) })
})

afterAll(() => {
  source.release()
})

const target = tinyDataset({ seed: 2, size: 20 })

const given = (changes: Partial<TransferOptions> = {}): TransferOptions => ({ source, target, strategy: fineTune(), seed: 3, steps: 6, batchSize: 8, schedule: constant(0.05), ...changes })

const lossesOf = (events: readonly TrainingEvent[]): readonly number[] => events.flatMap((event) => (event.type === 'step-end' ? [event.loss] : []))

/** The same without what a clock decides. */
const timeless = (events: readonly TrainingEvent[]): readonly unknown[] => events.map((event) => ({ ...event, examplesPerSecond: 0, seconds: 0 }))

const codeOf = async (work: PromiseLike<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    if (TransferkitError.isInstance(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'nothing was thrown'
}

describe('a transfer', () => {
  test('tells what happens, in order', async () => {
    const { events } = await runToEnd(given({ validation: tinyDataset({ seed: 4, size: 8 }) }))
    expect(events.map(({ type, ...event }) => `${type} ${'step' in event ? event.step : ''}`)).toEqual([
      'training-start 0',
      'step-end 1',
      'step-end 2',
      'epoch-end 2',
      'step-end 3',
      'step-end 4',
      'epoch-end 4',
      'step-end 5',
      'step-end 6',
      'epoch-end 6',
      'training-end 6',
    ])
    const [, , , epoch] = events
    expect(epoch).toMatchObject({ type: 'epoch-end', epoch: 1, step: 2, trainingLoss: expect.any(Number) as number, validationAccuracy: expect.any(Number) as number })
  })

  test('can be awaited without its events, and costs are counted', async () => {
    const result = await transfer(given({ strategy: featureExtraction() }))
    expect(result).toMatchObject({ steps: 6, trainedParameters: 28, privateParameters: 28, privateStatistics: 0 })
    expect(result.history).toHaveLength(3)
    const { accuracy, examples, confusion } = await result.evaluate(target)
    expect(examples).toBe(20)
    expect(confusion.flat().reduce((total, count) => total + count, 0)).toBe(20)
    expect(accuracy).toBe(confusion.reduce((right, row, label) => right + row[label]!, 0) / 20)
    const images = await target.read([0, 5])
    const predictions = await result.predict(images)
    expect(predictions).toHaveLength(2)
    for (const { label, index, probability, probabilities } of predictions) {
      expect(label).toBe(target.task.classes[index])
      expect(probability).toBe(Math.max(...probabilities))
      expect(probabilities.reduce((total, one) => total + one, 0)).toBeCloseTo(1, 6)
    }
    expect(await codeOf(result.predict({ inputs: new Float32Array(9), shape: [1, 3, 3, 1] }))).toContain('model/input-shape: The images are [3, 3, 1]')
    result.release()
  })

  test('that is left early stops and frees everything', async () => {
    const before = liveTensors()
    const run = transfer(given())
    for await (const event of run) if (event.type === 'step-end') break
    expect(liveTensors()).toBe(before)
    expect(await codeOf(run)).toContain('training/stopped')
    expect(await codeOf(runToEnd(given({ steps: 0 })))).toContain('training/length')
    await expect((async () => { for await (const _event of run); })()).rejects.toThrow('iterated once')
  })

  test('reads the next batch before a step and no other, with the same model for data that come later', async () => {
    const reads: number[] = []
    const late: Dataset = {
      ...target,
      read: async (indices) => {
        reads.push(reads.length)
        await new Promise((resolve) => setTimeout(resolve, 3 - (reads.length % 3)))
        return target.read(indices)
      },
    }
    const atStep: number[] = []
    const run = transfer(given({ target: late, inspectEvery: 0 }))
    for await (const event of run) if (event.type === 'step-end') atStep.push(reads.length)
    const result = await run
    expect(atStep).toEqual([2, 3, 4, 5, 6, 6])
    const { tensors } = await result.artefact()
    result.release()
    expect(tensors).toEqual((await runToEnd(given())).tensors)
  })

  test('that is stopped ends when nothing is read any more', async () => {
    let isReading = 0
    const slow: Dataset = {
      ...target,
      read: async (indices) => {
        isReading += 1
        await new Promise((resolve) => setTimeout(resolve, 5))
        isReading -= 1
        return target.read(indices)
      },
    }
    const stop = new AbortController()
    const run = transfer(given({ target: slow, signal: stop.signal }))
    const stopped = (async () => {
      for await (const event of run) if (event.type === 'step-end' && event.step === 2) stop.abort()
    })()
    expect(await codeOf(stopped)).toContain('training/aborted: The training was stopped after step 2 of 6')
    expect(isReading).toBe(0)
  })

  test('holds as many tensors after the last step as after the first', async () => {
    const counts = new Set<number>()
    const run = transfer(given({ steps: 30, readEvery: 3, validation: 0.25, keep: 'best' }))
    for await (const event of run) if (event.type === 'step-end' && event.step > 6) counts.add(liveTensors())
    ;(await run).release()
    expect(counts.size).toBe(1)
  })
})

describe('resuming', () => {
  test.each([1, 2, 3, 5])('after step %i gives the same numbers', async (stop) => {
    const settings = given({ validation: 0.3, keep: 'best', strategy: fineTune({ headLearningRate: 3 }) })
    const straight = await runToEnd(settings)
    const stopping = new AbortController()
    let checkpoint: Uint8Array | undefined
    const seen: TrainingEvent[] = []
    const interrupted = transfer({ ...settings, signal: stopping.signal, saveCheckpoint: (bytes) => void (checkpoint = bytes) })
    const problem = await codeOf((async () => {
      for await (const event of interrupted) {
        seen.push(event)
        if (event.type === 'step-end' && event.step === stop) stopping.abort()
      }
    })())
    expect(problem).toContain(`training/aborted: The training was stopped after step ${stop} of 6.`)
    expect(seen.at(-1)).toEqual({ type: 'checkpoint-saved', step: stop })
    const resumed = await runToEnd({ ...settings, resumeFrom: checkpoint! })
    expect(Buffer.compare(resumed.tensors, straight.tensors)).toBe(0)
    const eventsBefore = seen.slice(0, -1)
    expect(timeless([...eventsBefore, ...resumed.events.slice(1)])).toEqual(timeless(straight.events))
  })

  test('a checkpoint of another training is refused with what differs', async () => {
    let checkpoint: Uint8Array | undefined
    await runToEnd(given({ checkpointEvery: 3, saveCheckpoint: (bytes) => void (checkpoint = bytes) }))
    expect(await codeOf(runToEnd(given({ resumeFrom: checkpoint!, seed: 9, batchSize: 4 })))).toContain('seed (3 then, 9 now), batchSize (8 then, 4 now)')
    expect(await codeOf(runToEnd(given({ resumeFrom: checkpoint!, strategy: fineTune({ headLearningRate: 2 }) })))).toContain('training/checkpoint-mismatch')
    expect(await codeOf(runToEnd(given({ resumeFrom: checkpoint!.subarray(0, 50) })))).toContain('safetensors/corrupt')
  })
})

describe('what goes wrong', () => {
  test('a loss that is not finite stops the training; the last good checkpoint stays', async () => {
    const checkpoints: number[] = []
    const before = liveTensors()
    const diverging = given({ schedule: (step) => (step < 3 ? 0.05 : 1e30), checkpointEvery: 1, saveCheckpoint: (_bytes, step) => void checkpoints.push(step) })
    const problem = await codeOf(runToEnd(diverging))
    expect(problem).toContain('training/not-finite')
    expect(problem).toContain('lower learning rate')
    expect(Math.max(...checkpoints)).toBeLessThanOrEqual(4)
    expect(liveTensors()).toBe(before)
  })

  test('parameters that are not finite are never saved', async () => {
    const saveCheckpoint = vi.fn()
    expect(await codeOf(runToEnd(given({ schedule: () => Infinity, checkpointEvery: 1, saveCheckpoint })))).toContain('training/not-finite')
    expect(saveCheckpoint).not.toHaveBeenCalled()
  })

  test.each<readonly [string, () => Partial<TransferOptions>, string]>([
    ['an empty data set', () => ({ target: { ...target, size: 0, labels: new Int32Array(0) } }), 'data/empty'],
    ['a label out of range', () => ({ target: { ...target, labels: target.labels.map((label, index) => (index === 7 ? 9 : label)) } }), 'data/label-out-of-range: Example 7'],
    ['no length', () => ({ steps: undefined as never }), 'training/length'],
    ['two lengths', () => ({ epochs: 2 }), 'training/length'],
    ['early stopping without validation', () => ({ patience: 2 }), 'training/no-validation'],
    ['a validation fraction above 1', () => ({ validation: 3 }), 'training/validation-fraction'],
    ['images with other channels', () => ({ target: { ...target, exampleShape: [8, 8, 3] } }), 'transfer/input-shape'],
    ['a strategy that was not made', () => ({ strategy: fineTune as never }), "transfer/strategy: 'strategy' is no strategy"],
    ['a strategy that needs source examples', () => ({ strategy: { ...fineTune(), usesSourceData: true } }), 'transfer/no-source-data'],
    ['a stage that does not exist', () => ({ strategy: partial({ stages: { stage3: 'frozen' } }) }), "strategy/unknown-stage: Strategy 'partial', option 'stages': the network 'tiny' has no stage 'stage3'. Did you mean 'stage1'?"],
    ['more stages than there are', () => ({ strategy: partial({ freezeFirst: 5 }) }), 'strategy/stage-count'],
  ])('%s is refused before the training', async (_name, changes, problem) => {
    expect(await codeOf(runToEnd(given(changes())))).toContain(problem)
  })
})

describe('validation', () => {
  test('the fraction is held out by class', async () => {
    const seen = new Set<number>()
    const spying: Dataset = { ...target, read: (indices) => { indices.forEach((index) => seen.add(index)); return target.read(indices) } }
    const { events } = await runToEnd(given({ target: spying, validation: 0.4, steps: 1 }))
    expect(events[0]).toMatchObject({ type: 'training-start', examples: 12 })
    // 8 examples of the one batch and the 8 of the validation.
    expect(seen.size).toBe(16)
  })

  test('training stops when it no longer helps, with the best model', async () => {
    const run = transfer(given({ validation: 0.4, keep: 'best', patience: 2, steps: 40, schedule: (step) => (step < 2 ? 0.05 : 0) }))
    const events: TrainingEvent[] = []
    for await (const event of run) events.push(event)
    const result = await run
    expect(events.at(-1)).toMatchObject({ type: 'training-end', reason: 'early-stopping' })
    expect(result.steps).toBeLessThan(40)
    result.release()
  })
})

describe('features of a frozen prefix', () => {
  const doubling: BatchTransform = {
    name: 'doubling',
    deterministic: true,
    outputShape: (shape) => shape,
    apply: (batch): HostBatch => ({ ...batch, inputs: Float32Array.from(batch.inputs, (value) => 2 * value) }),
  }

  test.each<readonly [string, () => Strategy]>([
    ['feature extraction', () => featureExtraction()],
    ['a frozen first stage', () => partial({ freezeFirst: 1 })],
  ])('%s with features computed once trains the same model', async (_name, strategy) => {
    const [cached, computed] = [await runToEnd(given({ strategy: strategy(), transforms: [doubling] })), await runToEnd(given({ strategy: strategy(), transforms: [doubling], features: false }))]
    expect(lossesOf(cached.events)).toEqual(lossesOf(computed.events))
    expect(Buffer.compare(cached.tensors, computed.tensors)).toBe(0)
  })

  test('images are read once, but in every step where a transform is random', async () => {
    const reads = async (transform: BatchTransform): Promise<number> => {
      const read = vi.fn(target.read.bind(target))
      await runToEnd(given({ strategy: featureExtraction(), target: { ...target, read }, transforms: [transform] }))
      return read.mock.calls.flatMap(([indices]) => [...indices]).length
    }
    expect(await reads(doubling)).toBe(target.size)
    expect(await reads({ ...doubling, deterministic: false })).toBe(6 * 8)
  })
})

describe('a composition', () => {
  const nearTeacher = defineRegulariser({
    name: 'near-teacher',
    summary: 'Uses everything that a regulariser is offered.',
    reference: { citation: 'None.' },
    options: z.strictObject({ weight: z.number().default(0.1) }),
    usesSourceData: true,
    prepare: (_context, _structure, { weight }) => ({
      init: (key) => ({ projection: randomNormal(key, [6, 6]) }),
      penalty: (inputs) => {
        const own: Tensor = matMul(inputs.forward.taps['pooled']!, variable(inputs.ownParams, 'projection'))
        const theirs = inputs.source().taps['pooled']!
        const domains = mean(square(subtract(mean(inputs.onSourceData().taps['pooled']!, [0]), mean(inputs.forward.taps['pooled']!, [0]))))
        return multiply(add(mean(square(subtract(own, theirs))), domains), weight)
      },
    }),
  })

  test('trains the own parameters of a regulariser along, and drops them', async () => {
    const strategy = compose(fineTune(), nearTeacher())
    const run = transfer(given({ strategy, sourceData: tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] }) }))
    const metrics: string[] = []
    for await (const event of run) if (event.type === 'step-end') metrics.push(Object.keys(event.metrics).sort().join(' '))
    const result = await run
    expect(new Set(metrics)).toEqual(new Set(['accuracy loss near-teacher']))
    expect(result.trainedParameters).toBe(300 + 36)
    expect(result.privateParameters).toBe(300)
    expect(Object.keys(result.variables.params)).not.toContain('regularisers')
    result.release()
  })

  test('a weight of 0 changes nothing', async () => {
    const sourceData = tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] })
    const [plain, composed] = [await runToEnd(given({ sourceData })), await runToEnd(given({ sourceData, strategy: compose(fineTune(), nearTeacher({ weight: 0 })) }))]
    expect(Buffer.compare(plain.tensors, composed.tensors)).toBe(0)
  })

  test('a regulariser that needs source examples says so, and so does one on a structure with its own steps', async () => {
    const strategy = compose(fineTune(), nearTeacher())
    expect(await codeOf(runToEnd(given({ strategy })))).toContain('transfer/no-source-data')
    const stepping: Strategy = { ...fineTune(), prepare: (context) => ({ ...fineTune().prepare(context), step: () => { throw new Error('never run') } }) satisfies TransferProgram }
    expect(() => compose(stepping, nearTeacher()).prepare({ source, task: target.task, inputShape: [8, 8, 1] })).toThrow('runs its training steps itself')
  })
})

describe('pretrain', () => {
  test('refuses a network for another number of classes', async () => {
    expect(await codeOf(pretrain({ network: tinyNetwork(3), dataset: target, steps: 1 }))).toContain('pretrain/classes')
  })
})

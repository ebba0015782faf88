import { add, branchAt, item, scalar, type Scalar, type StepInputs, type Strategy, type StrategyDefinition, TransferkitError, withClasses } from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadArtefact, readTransferConfig } from '../artefact/load-artefact.js'
import { defineStrategy } from '../strategies/define-strategy.js'
import { networkProgram } from '../strategies/network-program.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { pretrain, type PretrainedNetwork } from './pretrain.js'
import { trainingStep } from './training-step.js'
import { transfer, type TransferOptions, type TransferResult } from './transfer.js'

let looks = 0

/** Counts its own steps beside the model, and shows the count; a count that is too high is at fault. */
const counting: StrategyDefinition<{ readonly limit?: number }, Strategy> = defineStrategy({
  name: 'counting',
  summary: 'Fine-tuning that counts.',
  reference: { citation: 'A test.' },
  options: z.strictObject({ limit: z.int().optional() }),
  prepare: ({ source, task }, { limit = 1000 }) => {
    const program = networkProgram({ network: withClasses(source.network, task.classes.length), source, startsFromSource: (path) => !path.startsWith('head.'), trains: () => true, staysInInference: () => false })
    const { prefix: _prefix, ...plain } = program
    // A leaf stands there.
    const countOf = ({ training }: Pick<StepInputs, 'training'>): Scalar => branchAt(training.extra, 'count') as unknown as Scalar
    return {
      ...plain,
      initExtra: () => ({ count: scalar(0) }),
      step: (inputs) => {
        const { training, metrics } = trainingStep(plain)(inputs)
        const count = add(countOf(inputs), 1)
        return { training: { ...training, extra: { count } }, metrics: { ...metrics, count: add(count, 0) } }
      },
      inspectExtra: (extra) => {
        looks++
        return [{ name: 'count', title: 'Steps', rowAxis: 'what', valueAxis: 'number', series: { steps: { all: item(branchAt(extra, 'count') as unknown as Scalar) } } }] // As above
      },
      faultOf: ({ count = 0 }) => (count > limit ? `The count is ${count}` : undefined),
    }
  },
})

const target = tinyDataset({ seed: 2, size: 16 })
let source: PretrainedNetwork

beforeAll(async () => {
  source = await pretrain({ network: tinyNetwork(2), dataset: tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] }), steps: 2, batchSize: 8 })
})
afterAll(() => {
  source.release()
})

const trained = async (changes: Partial<TransferOptions> = {}): Promise<TransferResult> => transfer({ source, target, strategy: counting(), steps: 6, batchSize: 8, inspectEvery: 1, ...changes })

const countsOf = ({ history }: Pick<TransferResult, 'history'>): readonly unknown[] => history.map(({ inspections }) => inspections[0]?.series['steps']?.['all'])

describe('what there is to look at beside the model', () => {
  test('is asked for over the training, and saved with the artefact', async () => {
    const result = await trained()
    expect(countsOf(result)).toEqual([2, 4, 6])
    const artefact = await result.artefact()
    const { inspections = [] } = readTransferConfig(artefact.config)
    expect(inspections.map(({ step, inspections: [first] }) => [step, first?.series['steps']?.['all']])).toEqual([[2, 2], [4, 4], [6, 6]])
    const loaded = await loadArtefact({ artefact, source, strategies: [counting] })
    expect(loaded.inspections).toEqual(result.inspections)
    expect((await loaded.artefact()).config).toEqual(artefact.config)
    loaded.release()
    result.release()
  })

  test('costs nothing when nobody asks', async () => {
    looks = 0
    const result = await trained({ inspectEvery: 0 })
    expect(looks).toBe(0)
    expect(result.inspections).toBeUndefined()
    expect(new TextDecoder().decode((await result.artefact()).config)).not.toContain('inspections')
    result.release()
  })

  test('is complete after a training that was resumed', async () => {
    const checkpoints: Uint8Array[] = []
    const straight = await trained({ checkpointEvery: 3, saveCheckpoint: (bytes) => void checkpoints.push(bytes) })
    const resumed = await trained({ resumeFrom: checkpoints[0]! })
    expect(resumed.inspections).toEqual(straight.inspections)
    straight.release()
    resumed.release()
  })
})

test('a step at fault stops the training with what the program says, and the last checkpoint is good', async () => {
  const saved: number[] = []
  const run = trained({ strategy: counting({ limit: 3 }), checkpointEvery: 1, saveCheckpoint: (_bytes, step) => void saved.push(step) })
  await expect(run).rejects.toSatisfy((error) => TransferkitError.isInstance(error) && error.code === 'training/not-finite' && error.message.startsWith('The count is 4 at step 4,'))
  expect(saved).toEqual([1, 2, 3])
})

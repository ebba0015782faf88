import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BatchTransform, type Dataset, type HostBatch, mapTree, multiply, release, scope, type TrainedNetwork } from '@transferkit/tensor'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { FeaturesCached } from '../loop/events.js'
import type { FeatureStore } from '../loop/feature-store.js'
import { memoryFeatureStore } from '../loop/memory-feature-store.js'
import { pretrain, type PretrainedNetwork } from '../loop/pretrain.js'
import { tieredFeatureStore } from '../loop/tiered-feature-store.js'
import { transfer, type TransferOptions } from '../loop/transfer.js'
import { warmUp } from '../loop/warm-up.fixture.js'
import { constant } from '../schedules/schedule.js'
import { featureExtraction } from '../strategies/feature-extraction.js'
import { partial } from '../strategies/partial.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { folderFeatureStore } from './folder-feature-store.js'

let source: PretrainedNetwork
let folder: string

beforeAll(async () => {
  source = await pretrain({ network: tinyNetwork(2), dataset: tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] }), steps: 4, batchSize: 8, schedule: constant(0.05) })
})

afterAll(() => {
  source.release()
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-kept-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

// Two whole chunks of features and a part of one.
const target: Dataset = tinyDataset({ seed: 2, size: 70 })

const run = async (changes: Partial<TransferOptions>): Promise<{ readonly cached: readonly FeaturesCached[]; readonly tensors: Uint8Array }> => {
  const training = transfer({ source, target, strategy: featureExtraction(), seed: 3, steps: 10, batchSize: 8, schedule: constant(0.05), ...changes })
  const cached: FeaturesCached[] = []
  for await (const event of training) if (event.type === 'features-cached') cached.push(event)
  const result = await training
  const { tensors } = await result.artefact()
  result.release()
  return { cached, tensors }
}

const fromOf = ({ cached }: Awaited<ReturnType<typeof run>>): readonly string[] => cached.map(({ from }) => from)

describe('features that are kept', () => {
  test('are computed by the first training, and found by those after it: in memory, or on disk in another process', async () => {
    const features = tieredFeatureStore(memoryFeatureStore(), folderFeatureStore(folder))
    const first = await run({ features })
    expect(first.cached).toEqual([
      { type: 'features-cached', step: 0, prefix: expect.stringMatching(/^tiny of 8x8x1: stage1, pool, stage2, pooled \([0-9a-f]{16}\)$/) as string, examples: 70, bytes: 70 * 6 * 4, from: 'computed', seconds: expect.any(Number) as number, notes: [] },
    ])
    const second = await run({ features })
    const third = await run({ features: folderFeatureStore(folder) })
    expect([fromOf(second), fromOf(third)]).toEqual([['memory'], ['disk']])
    expect([second.tensors, third.tensors]).toEqual([first.tensors, first.tensors])
    expect((await run({ features: false })).tensors).toEqual(first.tensors)
    expect(await readdir(folder)).toHaveLength(3)
  })

  test('are shared between strategies with one prefix, seeds and batch sizes', async () => {
    const features = memoryFeatureStore()
    await run({ features })
    expect(fromOf(await run({ features, strategy: partial({ freezeFirst: 4 }), seed: 9, batchSize: 16 }))).toEqual(['memory'])
    expect(fromOf(await run({ features, strategy: partial({ freezeFirst: 2 }) }))).toEqual(['computed'])
  })

  test('are those of their content only: other weights, transforms or examples are others', async () => {
    const features = memoryFeatureStore()
    await run({ features })
    const { network, variables } = source
    const other: TrainedNetwork = scope(() => ({ network, variables: { params: mapTree(variables.params, (leaf) => multiply(leaf, 1.001)), state: variables.state } }))
    expect(fromOf(await run({ features, source: other }))).toEqual(['computed'])
    release({ params: other.variables.params })
    const brighter: BatchTransform = { name: 'same name', deterministic: true, outputShape: (shape) => shape, apply: (batch): HostBatch => ({ ...batch, inputs: Float32Array.from(batch.inputs, (value) => value + 0.01) }) }
    expect(fromOf(await run({ features, transforms: [brighter] }))).toEqual(['computed'])
    expect(fromOf(await run({ features, target: tinyDataset({ seed: 8, size: 70 }) }))).toEqual(['computed'])
    expect(fromOf(await run({ features }))).toEqual(['memory'])
  })

  test('are computed again where a file is damaged, with a note and the same model', async () => {
    const straight = await run({ features: folderFeatureStore(folder) })
    const [name = ''] = await readdir(folder)
    const path = join(folder, name)
    await writeFile(path, (await readFile(path)).subarray(0, 100))
    const again = await run({ features: folderFeatureStore(folder) })
    expect(again.cached[0]).toMatchObject({ from: 'computed', notes: [expect.stringContaining(`Features are computed again. ${path}`)] })
    expect(again.tensors).toEqual(straight.tensors)
    expect(fromOf(await run({ features: folderFeatureStore(folder) }))).toEqual(['disk'])
  })

  test('stay in memory where the folder cannot be written', async () => {
    const blocked = join(folder, 'blocked')
    await writeFile(blocked, 'a file')
    const features = tieredFeatureStore(memoryFeatureStore(), folderFeatureStore(blocked))
    const first = await run({ features })
    expect(first.cached[0]?.notes).toContainEqual(expect.stringContaining('Features are no longer kept on disk.'))
    expect(fromOf(await run({ features }))).toEqual(['memory'])
    expect(first.tensors).toEqual((await run({ features: false })).tensors)
  })

  test('serve two trainings at once', async () => {
    const features = (): FeatureStore => tieredFeatureStore(memoryFeatureStore(), folderFeatureStore(folder))
    const alone = await run({ features: false })
    // Each waits for files while the other computes.
    const both = await Promise.all([run({ features: features() }), run({ features: features() })])
    expect(both.map(({ tensors }) => tensors)).toEqual([alone.tensors, alone.tensors])
    expect(both.flatMap(({ cached }) => cached.flatMap(({ notes }) => notes))).toEqual([])
  })

  test('are not kept where a phase looks at fewer examples than there are, or a transform is random', async () => {
    expect((await run({ steps: 8 })).cached).toEqual([])
    const random: BatchTransform = { name: 'random', deterministic: false, outputShape: (shape) => shape, apply: (batch) => batch }
    expect((await run({ transforms: [random] })).cached).toEqual([])
  })

  test('serve the phase that they are for: images are read again in the next one', async () => {
    const read = vi.fn(target.read.bind(target))
    const { cached } = await run({ strategy: warmUp(), steps: 20, target: { ...target, read } })
    expect(cached).toMatchObject([{ step: 0, prefix: 'tiny: all stages', from: 'computed' }])
    expect(read.mock.calls.flatMap(([indices]) => [...indices])).toHaveLength(70 + 10 * 8)
  })

  test('that depend on what is trained are refused by name', async () => {
    const program = warmUp().prepare({ source, task: target.task, inputShape: [8, 8, 1] })
    const phases = program.phases!.map((phase) => ({ ...phase, trains: () => true }))
    await expect(run({ strategy: { ...warmUp(), prepare: () => ({ ...program, phases }) }, steps: 20 })).rejects.toThrow("Phase 'warm-up' of the training: the features of 'tiny: all stages' depend on 'params.0.convolution.filter', which is trained.")
  })

  test('in a training that is stopped while they are computed do not hold it up', async () => {
    const stopping = new AbortController()
    const read = vi.fn((indices: Parameters<Dataset['read']>[0]) => {
      stopping.abort()
      return target.read(indices)
    })
    await expect(run({ target: { ...target, read }, signal: stopping.signal })).rejects.toThrow('stopped after step 0')
    expect(read).toHaveBeenCalledTimes(1)
  })
})

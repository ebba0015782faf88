import { type BatchTransform, inference, readSync, release, scope, tensor, TransferkitError } from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pretrain, type PretrainedNetwork } from '../loop/pretrain.js'
import { transfer, type TransferResult } from '../loop/transfer.js'
import { baselineStrategies } from '../strategies/baselines.js'
import { compose } from '../strategies/compose.js'
import { l2SpPenalty } from '../strategies/l2-sp.js'
import { partial } from '../strategies/partial.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { loadArtefact, readTransferConfig } from './load-artefact.js'
import { loadNetwork, saveNetwork } from './network-file.js'
import type { ArtefactBytes } from './create-artefact.js'

const halving: BatchTransform = { name: 'halving', deterministic: true, outputShape: (shape) => shape, apply: (batch) => ({ ...batch, inputs: Float32Array.from(batch.inputs, (value) => value / 2) }) }
const target = tinyDataset({ seed: 2, size: 16 })
let source: PretrainedNetwork
let other: PretrainedNetwork
let result: TransferResult
let artefact: ArtefactBytes

beforeAll(async () => {
  const dataset = tinyDataset({ seed: 1, size: 16, classes: ['horizontal', 'vertical'] })
  source = await pretrain({ network: tinyNetwork(2), dataset, steps: 2, batchSize: 8 })
  other = await pretrain({ network: tinyNetwork(2), dataset, steps: 2, batchSize: 8, seed: 2 })
  result = await transfer({ source, target, strategy: compose(partial({ freezeFirst: 2 }), l2SpPenalty()), steps: 3, batchSize: 8, transforms: [halving], record: { network: 'tiny', note: ['ü', 1] } })
  artefact = await result.artefact()
})

afterAll(() => {
  for (const one of [source, other, result]) one.release()
})

const problemOf = async (changes: Partial<Parameters<typeof loadArtefact>[0]>): Promise<string> => {
  try {
    await loadArtefact({ artefact, source, strategies: baselineStrategies, transforms: [halving], ...changes })
  } catch (error) {
    if (TransferkitError.isInstance(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'nothing was thrown'
}

const changed = (change: (config: Record<string, unknown>) => void): ArtefactBytes => {
  const config = JSON.parse(new TextDecoder().decode(artefact.config)) as Record<string, unknown>
  change(config)
  return { ...artefact, config: new TextEncoder().encode(JSON.stringify(config)) }
}

describe('a transfer artefact', () => {
  test('holds what is private to the target and nothing of the source', () => {
    const config = readTransferConfig(artefact.config)
    expect(config).toMatchObject({
      strategy: { name: 'partial', options: { freezeFirst: 2 } },
      trainedWith: { name: 'partial+l2-sp-penalty' },
      source: { architecture: 'tiny', classes: 2, inputShape: [8, 8, 1] },
      task: { kind: 'classification', classes: target.task.classes },
      preprocessing: ['halving'],
      elements: { parameters: result.privateParameters, statistics: result.privateStatistics },
      record: { network: 'tiny', note: ['ü', 1] },
    })
    const { entries } = readSafetensors(artefact.tensors)
    expect(entries.map(({ name }) => name).sort()).toEqual([
      'params.head.bias',
      'params.head.weight',
      'params.stage2.convolution.filter',
      'params.stage2.norm.offset',
      'params.stage2.norm.scale',
      'state.stage2.norm.mean',
      'state.stage2.norm.variance',
    ])
    expect(entries.reduce((total, { data }) => total + data.length / 4, 0)).toBe(result.privateParameters + result.privateStatistics)
  })

  test('gives the model back, bit for bit, and saves to the same bytes', async () => {
    const loaded = await loadArtefact({ artefact, source, strategies: baselineStrategies, transforms: [halving] })
    const images = await target.read([0, 1, 2, 3])
    expect(await loaded.predict(images)).toEqual(await result.predict(images))
    expect((await loaded.artefact()).tensors).toEqual(artefact.tensors)
    loaded.release()
  })

  test('refuses what does not fit it', async () => {
    expect(await problemOf({ source: other })).toMatch(/^artefact\/wrong-source: The artefact was made on the source 'tiny' with 2 classes .* but the one given has other weights/)
    expect(await problemOf({ transforms: [] })).toContain('artefact/preprocessing: The artefact was trained on images after [halving], but [] is given.')
    expect(await problemOf({ strategies: [] })).toContain('artefact/unknown-strategy')
    expect(await problemOf({ artefact: changed((config) => { config['strategy'] = { name: 'partail', options: {} } }) })).toContain("Did you mean 'partial'?")
    expect(await problemOf({ artefact: changed((config) => { config['strategy'] = { name: 'partial', options: { freezeFrist: 1 } } }) })).toContain("strategy/options: Strategy 'partial': there is no option 'freezeFrist'")
    expect(await problemOf({ artefact: changed((config) => { config['strategy'] = { name: 'fine-tune', options: {} } }) })).toContain("safetensors/does-not-fit: Transfer artefact: it does not fit this model: 'params.stage1.convolution.filter' is missing")
    expect(await problemOf({ artefact: changed((config) => { config['formatVersion'] = 2 }) })).toContain('artefact/config')
    expect(await problemOf({ artefact: { ...artefact, config: artefact.config.subarray(3) } })).toContain('artefact/config')
    expect(await problemOf({ artefact: { ...artefact, tensors: artefact.tensors.subarray(3) } })).toContain('safetensors/corrupt: transfer.safetensors')
  })
})

describe('a saved network', () => {
  test('comes back bit for bit', async () => {
    const loaded = loadNetwork(tinyNetwork(2), await saveNetwork(source))
    const logitsOf = (trained: typeof source | typeof loaded): Float32Array =>
      scope(() => readSync(trained.network.apply(trained.variables, tensor(new Float32Array(64).map((_, index) => Math.sin(index)), [1, 8, 8, 1]), inference).output))
    expect(logitsOf(loaded)).toEqual(logitsOf(source))
    release({ params: loaded.variables.params, state: loaded.variables.state })
  })

  test('of another architecture is refused', async () => {
    const bytes = await saveNetwork(source)
    expect(() => loadNetwork(tinyNetwork(3), bytes)).toThrow("The file holds 'tiny' with 2 classes, but 'tiny' with 3 classes is asked for.")
    expect(() => loadNetwork({ ...tinyNetwork(2), name: 'resnet' }, bytes)).toThrow("'resnet' with 2 classes is asked for")
  })
})

import { flattenTree, leavesOf, randomKey, readSync, release, type Tensor, type TrainedNetwork } from '@transferkit/tensor'
import { batchNormAdaptation, constant, fineTune, sgd } from '@transferkit/training'
import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
import { liveTensors } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAdapterPath } from '../adapters/adapted-convolution.js'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { domainModel, releaseDomains, type DomainSet } from './domain-set.js'
import { trainDomains } from './train-domains.js'
import type { DomainTask, DomainTrainingEvent, TrainDomainsOptions, TrainedDomains } from './train-domains-options.js'

const network = tinyNetwork(3)
const lines: DomainTask = { name: 'lines', dataset: tinyDataset({ seed: 1, size: 24, classes: ['horizontal', 'vertical'] }) }
const slopes: DomainTask = { name: 'slopes', dataset: tinyDataset({ seed: 2, size: 20 }), batchSize: 5 }
let source: TrainedNetwork

beforeAll(() => {
  source = { network, variables: network.init(randomKey(3), [1, 8, 8, 1]) }
})

afterAll(() => release([source.variables.params, source.variables.state]))

const bits = (tree: object): Uint32Array[] => leavesOf<Tensor>(tree as Tensor).map((leaf) => new Uint32Array(new Float32Array(readSync(leaf)).buffer))

const common = (options: Partial<TrainDomainsOptions> = {}): TrainDomainsOptions => ({ source, strategy: parallelAdapters(), domains: [lines, slopes], rounds: 4, batchSize: 8, schedule: constant(0.05), seed: 5, ...options })

const run = (options: Partial<TrainDomainsOptions> = {}): Promise<TrainedDomains> => trainDomains(common(options)).result()

const privateBits = (set: DomainSet, name: string): Uint32Array[] => {
  const { params, state } = domainModel(set, name).variables
  return bits({ params, state })
}

const free = (...sets: readonly DomainSet[]): void => {
  for (const set of sets) {
    releaseDomains(set)
    if (set.base !== source) release([set.base.variables.params, set.base.variables.state])
  }
}

describe('frozen filters', () => {
  test('a domain gets what it would get alone, whatever the others do, and the base stays as it was', async () => {
    const before = bits({ ...source.variables })
    const [{ set: both }, { set: alone }, { set: reversed }] = [await run(), await run({ domains: [lines] }), await run({ domains: [slopes, lines] })]
    expect(privateBits(both, 'lines')).toEqual(privateBits(alone, 'lines'))
    expect(privateBits(both, 'lines')).toEqual(privateBits(reversed, 'lines'))
    expect(privateBits(both, 'slopes')).toEqual(privateBits(reversed, 'slopes'))
    expect(bits({ ...source.variables })).toEqual(before)
    expect(both.base).toBe(source)
    free(both, alone, reversed)
  })

  test('with gradients of 0 the other domain moves on by its momentum, after its first turn', async () => {
    const [{ set: absent }, { set: zero }] = [await run({ rounds: 1 }), await run({ rounds: 1, untouched: 'zero' })]
    expect(privateBits(zero, 'lines')).not.toEqual(privateBits(absent, 'lines'))
    expect(privateBits(zero, 'slopes')).toEqual(privateBits(absent, 'slopes'))
    free(absent, zero)
  })

  test('every domain has its own settings', async () => {
    const still: DomainTask = { ...lines, strategy: parallelAdapters({ weightDecay: { adapters: 1000 } }) }
    const [{ set: usual }, { set: decayed }] = [await run(), await run({ domains: [still, slopes] })]
    expect(privateBits(decayed, 'lines')).not.toEqual(privateBits(usual, 'lines'))
    expect(privateBits(decayed, 'slopes')).toEqual(privateBits(usual, 'slopes'))
    expect(domainModel(decayed, 'lines').strategy.options).toMatchObject({ weightDecay: { adapters: 1000 } })
    free(usual, decayed)
  })

  test('a training that is stopped and resumed ends with the same bits; events come in order and memory stays constant', async () => {
    const straight = await run({ untouched: 'zero' })
    const stop = new AbortController()
    let saved: Uint8Array | undefined
    const events: DomainTrainingEvent[] = []
    const tensors = new Set<number>()
    const stopped = (async () => {
      for await (const event of trainDomains(common({ untouched: 'zero', signal: stop.signal, saveCheckpoint: (bytes) => void (saved = bytes) }))) {
        events.push(event)
        if (event.type === 'step-end' && event.step > 2) tensors.add(liveTensors())
        if (event.type === 'step-end' && event.step === 5) stop.abort()
      }
    })()
    await expect(stopped).rejects.toThrow(/stopped after step 5 of 8\. A checkpoint was saved/)
    expect(tensors.size).toBe(1)
    expect(events.map((event) => (event.type === 'step-end' ? event.domain : event.type))).toEqual(['training-start', 'lines', 'slopes', 'lines', 'slopes', 'lines', 'checkpoint-saved'])
    const resumed = await run({ untouched: 'zero', resumeFrom: saved! })
    for (const name of ['lines', 'slopes']) expect(privateBits(resumed.set, name)).toEqual(privateBits(straight.set, name))
    await expect(run({ rounds: 5, resumeFrom: saved! })).rejects.toThrow(/belongs to another training.*rounds/)
    free(straight.set, resumed.set)
  })

  test('domains go on from models, which stay as they are', async () => {
    const { set: first } = await run({ rounds: 2 })
    const before = privateBits(first, 'lines')
    const { set: second } = await run({ rounds: 1, schedule: constant(0), optimiser: sgd(), domains: [{ ...lines, model: domainModel(first, 'lines') }] })
    expect(bits(domainModel(second, 'lines').variables.params)).toEqual(bits(domainModel(first, 'lines').variables.params))
    expect(privateBits(first, 'lines')).toEqual(before)
    free(first, second)
  })
})

describe('trained filters', () => {
  test('the domains stand on a new base, and only private tensors are their own', async () => {
    const before = bits({ ...source.variables })
    const { set } = await run({ shared: 'trained', strategy: seriesAdapters() })
    expect(bits({ ...source.variables })).toEqual(before)
    expect(set.base).not.toBe(source)
    const filters = flattenTree<Tensor>(set.base.variables.params).flatMap(({ path, leaf }) => (path.endsWith('.filter') ? [leaf] : []))
    for (const model of set.domains.values()) {
      expect(flattenTree<Tensor>(model.variables.params).filter(({ path }) => path.endsWith('.filter') && !isAdapterPath(path))).toEqual([])
      expect(leavesOf<Tensor>(model.variables.frozen)).toEqual(filters)
      expect(model.strategy.options).toMatchObject({ train: 'private' })
    }
    free(set)
  })

  test('every domain trains them: the second turn begins where the first left them', async () => {
    const [{ set: one }, { set: two }] = [await run({ shared: 'trained', rounds: 1, domains: [lines] }), await run({ shared: 'trained', rounds: 1 })]
    // The first turn is the same in both.
    expect(privateBits(two, 'lines')).toEqual(privateBits(one, 'lines'))
    expect(bits(two.base.variables.params)).not.toEqual(bits(one.base.variables.params))
    free(one, two)
  })

  test('a strategy that freezes filters by itself can train them too', async () => {
    const { set } = await run({ shared: 'trained', strategy: batchNormAdaptation() })
    expect(bits(set.base.variables.params)).not.toEqual(bits(source.variables.params))
    free(set)
  })
})

describe('mistakes', () => {
  test.each([
    ['no domain', { domains: [] }, /no domain to train/],
    ['a name twice', { domains: [lines, lines] }, /Two domains are called 'lines'/],
    ['no round', { rounds: 0 }, /whole number above 0; found 0/],
    ['mixed kinds', { domains: [lines, { ...slopes, strategy: seriesAdapters() }] }, /'slopes' has series adapters, but 'lines' in this set has parallel ones/],
    ['a strategy that trains everything', { strategy: fineTune() }, /Domain 'lines': the strategy 'fine-tune' trains '.*filter'.*shared: trained/],
    ['a rate that is too high', { schedule: constant(1e30) }, /loss is NaN/],
  ])('%s', async (_case, options: Partial<TrainDomainsOptions>, message) => {
    await expect(run(options)).rejects.toThrow(message)
  })
})

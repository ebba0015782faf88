import { countElements, flattenTree, inference, leavesOf, randomKey, readSync, release, scope, type Tensor, tensor, type TrainedNetwork } from '@transferkit/tensor'
import { batchNormAdaptation, constant, sgd, transfer } from '@transferkit/training'
import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { convolutionsOf } from '../adapters/convolutions.js'
import { resnet26 } from '../networks/resnet26.js'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { compressAdapters, type CompressionOptions } from './compress-adapters.js'
import { compressedAdapters } from './compressed-adapters.js'
import { loadDomains, saveDomains } from './domain-file.js'
import { addDomain, domainModel, domainSet, type DomainSet, releaseDomains, totalMultipleOfBase } from './domain-set.js'
import { fineTuneDomain } from './fine-tune-domain.js'
import { trainDomains } from './train-domains.js'

const network = tinyNetwork(3)
const lines = tinyDataset({ seed: 1, size: 24, classes: ['horizontal', 'vertical'] })
const slopes = tinyDataset({ seed: 2, size: 24 })
let source: TrainedNetwork
let set: DomainSet

beforeAll(async () => {
  source = { network, variables: network.init(randomKey(3), [1, 8, 8, 1]) }
  const domains = [
    { name: 'lines', dataset: lines },
    { name: 'slopes', dataset: slopes },
  ]
  ;({ set } = await trainDomains({ source, strategy: parallelAdapters(), domains, rounds: 10, batchSize: 8, schedule: constant(0.05) }).result())
})

afterAll(() => {
  releaseDomains(set)
  release([source.variables.params, source.variables.state])
})

const bits = (tree: object): Uint32Array[] => leavesOf<Tensor>(tree as Tensor).map((leaf) => new Uint32Array(new Float32Array(readSync(leaf)).buffer))

const values = (of: DomainSet, name: string): ReadonlyMap<string, Tensor> => {
  const { params, frozen } = domainModel(of, name).variables
  return new Map(flattenTree<Tensor>({ own: params, frozen }).map(({ path, leaf }) => [path.replace(/^(own|frozen\.params)\./, ''), leaf]))
}

/** The adapter of a compressed model: the product of its two filters. */
const product = (of: DomainSet, name: string, convolution: string): number[] => {
  const filters = values(of, name)
  const [left, right] = [filters.get(`${convolution}.adapter.shared.filter`)!, filters.get(`${convolution}.adapter.private.filter`)!]
  const [inputs, rank, outputs] = [left.shape[2]!, left.shape[3]!, right.shape[3]!]
  const [p, q] = [readSync(left), readSync(right)]
  return Array.from({ length: inputs * outputs }, (_, index) => {
    const [row, column] = [Math.floor(index / outputs), index % outputs]
    return Array.from({ length: rank }, (_unused, k) => p[row * rank + k]! * q[k * outputs + column]!).reduce((sum, term) => sum + term, 0)
  })
}

const convolutions = ['stage1.convolution', 'stage2.convolution']

/** Sum of squared differences between the adapters and what they were compressed to. */
const squaredError = (compressed: DomainSet): number =>
  ['lines', 'slopes'].flatMap((name) => convolutions.flatMap((path) => product(compressed, name, path).map((value, index) => (value - readSync(values(set, name).get(`${path}.adapter.filter`)!)[index]!) ** 2))).reduce((sum, term) => sum + term, 0)

let images: Tensor

beforeAll(async () => {
  const { inputs, shape } = await slopes.read([0, 1, 2, 3, 4, 5])
  images = tensor(inputs, shape)
})

afterAll(() => release(images))

const logits = (of: DomainSet, name: string): Float32Array => scope(() => readSync(domainModel(of, name).logits(images)))

const free = (of: DomainSet): void => {
  releaseDomains(of)
  const known = new Set(leavesOf<Tensor>(source.variables.params).map(({ id }) => id))
  release(leavesOf<Tensor>(of.base.variables.params).filter(({ id }) => !known.has(id)))
}

describe('full rank', () => {
  test('gives the adapters and the models back, and the base computes what it did', async () => {
    const { set: compressed, convolutions: kept } = await compressAdapters(set, { energy: 1 })
    expect(kept).toEqual(convolutions.map((convolution) => ({ convolution, rank: convolution === 'stage1.convolution' ? 1 : 4, largestRank: convolution === 'stage1.convolution' ? 1 : 4, energy: 1 })))
    expect(Math.sqrt(squaredError(compressed))).toBeLessThan(1e-4)
    for (const name of ['lines', 'slopes']) logits(compressed, name).forEach((value, index) => expect(value).toBeCloseTo(logits(set, name)[index]!, 4))
    const answer = (trained: TrainedNetwork): Float32Array => scope(() => readSync(trained.network.apply(trained.variables, images, inference).output))
    expect(answer(compressed.base)).toEqual(answer(source))
    free(compressed)
  })
})

test('the error never grows with the rank, and the first halves are one tensor for all domains', async () => {
  const errors: number[] = []
  for (const rank of [1, 2, 3, 4]) {
    const { set: compressed } = await compressAdapters(set, { rank })
    errors.push(squaredError(compressed))
    const [left, right] = ['lines', 'slopes'].map((name) => values(compressed, name).get('stage2.convolution.adapter.shared.filter')!)
    expect(left).toBe(right)
    expect(flattenTree<Tensor>(compressed.base.variables.params).some(({ leaf }) => leaf === left)).toBe(true)
    free(compressed)
  }
  errors.forEach((error, index) => expect(error).toBeLessThanOrEqual((errors[index - 1] ?? Infinity) + 1e-9))
  expect(errors.at(-1)).toBeLessThan(1e-8)
  expect(errors[0]).toBeGreaterThan(1e-3)
})

test('an energy chooses ranks over all convolutions; a share chooses them by channels', async () => {
  const { set: half, convolutions: byEnergy } = await compressAdapters(set, { energy: 0.7 })
  const total = byEnergy.map(({ rank }) => rank)
  expect(total.every((rank, index) => rank <= [1, 4][index]!)).toBe(true)
  expect(total).not.toEqual([1, 4])
  const { set: share, convolutions: byShare } = await compressAdapters(set, { rank: 0.5 })
  expect(byShare.map(({ rank }) => rank)).toEqual([1, 2])
  free(half)
  free(share)
})

test('ResNet-26 with nine domains and half of the channels takes 1.55 times the base', () => {
  const plain = resnet26({ classes: 10, inputShape: [8, 8, 3] })
  const counts = scope(() => {
    const places = convolutionsOf(plain)
    // The channels between are half of the smaller side, which is that of the inputs in this network.
    const channels = new Map(flattenTree<Tensor>(plain.init(randomKey(1), [1, 8, 8, 3]).params).map(({ path, leaf }) => [path, leaf.shape]))
    const adapted = places.reduce((found, { path }) => adaptNetwork(found, { kind: 'parallel', convolutions: [path], rank: Math.max(1, Math.floor(channels.get(`${path}.filter`)![2]! / 2)) }), plain)
    const leaves = flattenTree<Tensor>(adapted.init(randomKey(1), [1, 8, 8, 3]).params)
    const count = (ending: string): number => countElements(leaves.flatMap(({ path, leaf }) => (path.endsWith(ending) ? [leaf] : [])))
    const [shared, own] = [count('.adapter.shared.filter'), count('.adapter.private.filter')]
    return { filters: count('.filter') - shared - own, shared, own }
  })
  expect(counts.filters).toBe(5_806_944)
  expect((counts.filters + counts.shared + 9 * counts.own) / counts.filters).toBeCloseTo(1.55, 2)
})

describe('after compression', () => {
  test('a domain is trained further on its private half; the base and the other domain stay bitwise', async () => {
    const { set: compressed } = await compressAdapters(set, { rank: 1 })
    const before = { base: bits(compressed.base.variables.params), lines: bits(domainModel(compressed, 'lines').variables.params), slopes: bits(domainModel(compressed, 'slopes').variables.params) }
    const steps: string[] = []
    const run = fineTuneDomain(compressed, 'slopes', slopes, { batchSize: 8, optimiser: sgd({ momentum: 0.9 }) })
    for await (const event of run) if (event.type === 'step-end') steps.push(String(event.learningRate))
    const { set: tuned, model } = await run
    // 10 epochs of 3 batches.
    expect(steps).toEqual(Array.from({ length: 30 }, () => '0.01'))
    expect(domainModel(tuned, 'slopes')).toBe(model)
    expect(bits(model.variables.params)).not.toEqual(before.slopes)
    expect(bits(domainModel(compressed, 'slopes').variables.params)).toEqual(before.slopes)
    expect(bits(domainModel(tuned, 'lines').variables.params)).toEqual(before.lines)
    expect(bits(compressed.base.variables.params)).toEqual(before.base)
    expect(values(tuned, 'slopes').get('stage2.convolution.adapter.shared.filter')).toBe(values(tuned, 'lines').get('stage2.convolution.adapter.shared.filter'))
    model.release()
    free(compressed)
  })

  test('new domains, files and sizes work as on any base', async () => {
    const { set: compressed } = await compressAdapters(set, { rank: 1 })
    const more = await addDomain(compressed, 'more', await transfer({ source: compressed.base, target: slopes, strategy: compressedAdapters(), steps: 2, batchSize: 8 }).result())
    const loaded = await loadDomains({ bytes: await saveDomains(more), base: compressed.base })
    for (const [name, model] of loaded.domains) expect(bits({ ...model.variables })).toEqual(bits({ ...domainModel(more, name).variables }))
    // Two convolutions 1 → 4 and 4 → 6: filters 252, batch norms 20, shared 1 + 4, private 4 + 6 and batch norms for each of three.
    expect(totalMultipleOfBase(more)).toBeCloseTo(1 + (5 + 3 * (10 + 20)) / 272, 10)
    releaseDomains(loaded)
    domainModel(more, 'more').release()
    free(compressed)
  })
})

describe('mistakes', () => {
  test.each<[string, CompressionOptions, RegExp]>([
    ['rank', { rank: 0 }, /whole number of channels, or a share.*found 0/],
    ['rank', { rank: 1.5 }, /found 1\.5/],
    ['energy', { energy: 95 }, /at most 1, such as 0\.95; found 95/],
  ])('a %s that cannot be: %o', async (_name, options, message) => {
    await expect(compressAdapters(set, options)).rejects.toThrow(message)
  })

  test('domains without parallel adapters, and no domains', async () => {
    await expect(compressAdapters(await domainSet(source), { rank: 1 })).rejects.toThrow(/no domains in this set/)
    for (const strategy of [batchNormAdaptation(), seriesAdapters()]) {
      const other = await addDomain(await domainSet(source), 'other', await transfer({ source, target: slopes, strategy, steps: 1, batchSize: 8 }).result())
      await expect(compressAdapters(other, { rank: 1 })).rejects.toThrow(/'other' .* has no parallel adapters in one part/)
      releaseDomains(other)
    }
    const everything = await addDomain(await domainSet(source), 'other', await transfer({ source, target: slopes, strategy: parallelAdapters({ train: 'everything' }), steps: 1, batchSize: 8 }).result())
    await expect(compressAdapters(everything, { rank: 1 })).rejects.toThrow(/'train: private'/)
    releaseDomains(everything)
  })

  test('a base that is not compressed, and data of another task', async () => {
    expect(() => compressedAdapters().prepare({ source, task: slopes.task, inputShape: [8, 8, 1] })).toThrow(/compressAdapters makes one/)
    await expect(fineTuneDomain(set, 'lines', slopes).result()).rejects.toThrow(/2 classes horizontal, vertical, but .* labelled with 4/)
    await expect(fineTuneDomain(set, 'line', lines).result()).rejects.toThrow(/Did you mean 'lines'/)
  })
})

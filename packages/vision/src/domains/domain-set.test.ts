import { type AnyTensor, leavesOf, mapTree, onesLike, randomKey, readSync, release, type Tensor, type TrainedNetwork } from '@transferkit/tensor'
import { batchNormAdaptation, featureExtraction, readSafetensors, type TargetModel, transfer } from '@transferkit/training'
import { tinyDataset, tinyNetwork } from '@transferkit/training/tiny'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { loadDomains, saveDomains } from './domain-file.js'
import { addDomain, describeDomains, domainModel, domainSet, type DomainSet, releaseDomains, removeDomain, renameDomain, totalMultipleOfBase } from './domain-set.js'

const network = tinyNetwork(3)
const datasets = { lines: tinyDataset({ seed: 1, size: 24, classes: ['horizontal', 'vertical'] }), slopes: tinyDataset({ seed: 2, size: 24 }) }
let base: TrainedNetwork

const bits = (tree: object): Uint32Array[] => leavesOf<Tensor>(tree as Tensor).map((leaf) => new Uint32Array(new Float32Array(readSync(leaf)).buffer))

const learn = (target: keyof typeof datasets, strategy = parallelAdapters(), source = base): Promise<TargetModel> => transfer({ source, target: datasets[target], strategy, steps: 3, batchSize: 8 }).result()

const freeNetwork = ({ variables }: TrainedNetwork): void => release([variables.params, variables.state])

beforeAll(() => {
  base = { network, variables: network.init(randomKey(7), [1, 8, 8, 1]) }
})

afterAll(() => freeNetwork(base))

test('domains are added in order, looked up, renamed and removed; every set before stays as it was', async () => {
  const empty = await domainSet(base)
  const lines = await learn('lines')
  const slopes = await learn('slopes', batchNormAdaptation())
  const one = await addDomain(empty, 'lines', lines)
  const two = await addDomain(one, 'slopes', slopes)
  expect([empty, one, two].map(({ domains }) => [...domains.keys()])).toEqual([[], ['lines'], ['lines', 'slopes']])
  expect(domainModel(two, 'slopes')).toBe(slopes)
  const renamed = renameDomain(two, 'lines', 'stripes')
  expect([...renamed.domains.keys()]).toEqual(['stripes', 'slopes'])
  expect(domainModel(renamed, 'stripes')).toBe(lines)
  expect([...removeDomain(two, 'lines').domains.keys()]).toEqual(['slopes'])
  expect(two.domains.size).toBe(2)
  releaseDomains(two)
})

test('what a domain costs is counted without its head', async () => {
  const set = await addDomain(await domainSet(base), 'lines', await learn('lines'))
  // Convolutions 1 → 4 and 4 → 6 of 3 x 3 with adapters of a ninth of that, two batch norms, head 6 → 2.
  const [filters, norms, head] = [9 * (4 + 24), 2 * (4 + 6), 7 * 2]
  expect(describeDomains(set)).toEqual([
    { name: 'lines', strategy: 'parallel-adapters', classes: 2, privateParameters: filters / 9 + norms + head, privateStatistics: norms, headParameters: head, multipleOfBase: (filters / 9 + norms) / (filters + norms) },
  ])
  expect(totalMultipleOfBase(set)).toBeCloseTo(1 + (filters / 9 + norms) / (filters + norms), 12)
  releaseDomains(set)
})

test('a second domain changes nothing of the first: parameters, statistics and outputs are bitwise the same', async () => {
  const lines = await learn('lines')
  const before = { variables: bits({ ...lines.variables }), base: bits({ ...base.variables }), answers: await lines.predict(await datasets.lines.read([0, 1, 2])) }
  let set: DomainSet = await addDomain(await domainSet(base), 'lines', lines)
  set = await addDomain(set, 'slopes', await learn('slopes'))
  set = await addDomain(set, 'frozen', await learn('slopes', featureExtraction()))
  const model = domainModel(set, 'lines')
  expect(bits({ ...model.variables })).toEqual(before.variables)
  expect(bits({ ...base.variables })).toEqual(before.base)
  expect(await model.predict(await datasets.lines.read([0, 1, 2]))).toEqual(before.answers)
  releaseDomains(set)
})

describe('files', () => {
  test('a set comes back bit for bit, on a base of its own or on one that is there', async () => {
    const lines = await learn('lines')
    const set = await addDomain(await addDomain(await domainSet(base), 'lines', lines), 'slopes', await learn('slopes', batchNormAdaptation()))
    const bytes = await saveDomains(set)
    const alone = await loadDomains({ bytes, base: network })
    const shared = await loadDomains({ bytes, base })
    expect(alone.identity).toEqual(set.identity)
    for (const loaded of [alone, shared]) {
      expect([...loaded.domains.keys()]).toEqual(['lines', 'slopes'])
      for (const [name, model] of loaded.domains) expect(bits({ ...model.variables })).toEqual(bits({ ...domainModel(set, name).variables }))
    }
    expect(shared.base).toBe(base)
    for (const each of [set, alone, shared]) releaseDomains(each)
    freeNetwork(alone.base)
  })

  test('another name for a domain changes no byte of the tensors', async () => {
    const set = await addDomain(await domainSet(base), 'lines', await learn('lines'))
    const [before, after] = [await saveDomains(set), await saveDomains(renameDomain(set, 'lines', 'stripes'))]
    expect(after.tensors).toEqual(before.tensors)
    expect(after.config).not.toEqual(before.config)
    expect(readSafetensors(before.tensors).entries.map(({ name }) => name)).toEqual(expect.arrayContaining(['base.params.stage1.convolution.filter', 'domain0.params.stage1.convolution.adapter.filter']))
    releaseDomains(set)
  })

  test('damaged files and another base are refused, and nothing is left behind', async () => {
    const set = await addDomain(await domainSet(base), 'lines', await learn('lines'))
    const bytes = await saveDomains(set)
    await expect(loadDomains({ bytes: { ...bytes, config: bytes.config.slice(0, 99) }, base: network })).rejects.toThrow(/domains\.json is damaged/)
    await expect(loadDomains({ bytes: { ...bytes, tensors: bytes.tensors.slice(0, -4) }, base: network })).rejects.toThrow(/domains\.safetensors/)
    await expect(loadDomains({ bytes, base: tinyNetwork(5) })).rejects.toThrow(/'tiny' with 3 classes, but 'tiny' with 5 classes is asked for/)
    const other = { network, variables: network.init(randomKey(8), [1, 8, 8, 1]) }
    await expect(loadDomains({ bytes, base: other })).rejects.toThrow(/made on the source 'tiny'.*other weights/)
    await expect(loadDomains({ bytes, base: network, strategies: [batchNormAdaptation] })).rejects.toThrow(/strategy 'parallel-adapters', which is not among/)
    freeNetwork(other)
    releaseDomains(set)
  })
})

describe('mistakes', () => {
  test('a name twice, an empty name, an unknown name', async () => {
    const lines = await learn('lines')
    const set = await addDomain(await domainSet(base), 'lines', lines)
    await expect(addDomain(set, 'lines', lines)).rejects.toThrow(/domain 'lines' in this set already.*Domains are: 'lines'/)
    await expect(addDomain(set, ' ', lines)).rejects.toThrow(/needs a name/)
    expect(() => renameDomain(set, 'lines', 'lines')).toThrow(/already/)
    for (const wrong of [() => domainModel(set, 'line'), () => removeDomain(set, 'line'), () => renameDomain(set, 'line', 'new')]) expect(wrong).toThrow(/no domain 'line'.*Did you mean 'lines'\?/)
    expect(set.domains.size).toBe(1)
    releaseDomains(set)
  })

  test('a model on another source, though of the same architecture', async () => {
    const other: TrainedNetwork = { network, variables: { ...base.variables, params: mapTree(base.variables.params, (leaf) => onesLike(leaf)) } }
    const model = await learn('lines', parallelAdapters(), other)
    const set = await domainSet(base)
    await expect(addDomain(set, 'lines', model)).rejects.toThrow(/trained on another source: the same architecture with other weights.*this set stands on 'tiny'/)
    model.release()
    release(leavesOf<AnyTensor>(other.variables.params))
  })

  test('a model on a copy of the base is welcome', async () => {
    const copy: TrainedNetwork = { network, variables: network.init(randomKey(7), [1, 8, 8, 1]) }
    const set = await addDomain(await domainSet(base), 'lines', await learn('lines', parallelAdapters(), copy))
    expect(set.domains.size).toBe(1)
    releaseDomains(set)
    freeNetwork(copy)
  })

  test('adapters of both kinds', async () => {
    const set = await addDomain(await addDomain(await domainSet(base), 'frozen', await learn('slopes', featureExtraction())), 'lines', await learn('lines'))
    const series = await learn('slopes', seriesAdapters())
    await expect(addDomain(set, 'slopes', series)).rejects.toThrow(/'slopes' has series adapters, but 'lines' in this set has parallel ones/)
    expect([...set.domains.keys()]).toEqual(['frozen', 'lines'])
    series.release()
    releaseDomains(set)
  })
})

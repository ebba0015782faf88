import { openRuntime } from '@transferkit/runtime/node'
import { type Compile, type Dataset, type HostBatch, readSync, release, scope, type TrainedNetwork } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { constant, floatsOf, type SafetensorsEntry, sgd } from '@transferkit/training'
import { runCompiled } from '@transferkit/training/testing'
import { expect, test } from 'vitest'
import { officialRun, type OfficialRun } from '../adapters/official-adapters.fixture.js'
import { resnet26 } from '../networks/resnet26.js'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { releaseDomains, type DomainSet } from './domain-set.js'
import { exportDomains, importDomains } from './official-checkpoint.js'
import { trainDomains } from './train-domains.js'

const patient = 180_000

const settingsOf = ({ settings }: OfficialRun, domain: number) => ({
  weightDecay: { shared: settings.weightDecay3x3[domain]!, adapters: settings.weightDecay1x1[domain]!, rest: settings.weightDecayRest },
  classes: Array.from({ length: settings.num_classes[domain]! }, (_, index) => String(index)),
  inputShape: [...settings.inputSizes[domain]!, 3],
})

const importRun = (run: OfficialRun, kind: 'parallel' | 'series', domains: readonly number[]): Promise<DomainSet> =>
  importDomains({
    network: resnet26({ classes: 2, widthFactor: run.settings.factor, blocks: run.settings.nblocks, inputShape: settingsOf(run, 0).inputShape }),
    entries: run.fixture.state,
    kind,
    domains: domains.map((domain) => ({ name: String(domain), classes: settingsOf(run, domain).classes, inputShape: settingsOf(run, domain).inputShape })),
  })

/** The one batch of a domain that the official training repeats, in its order. */
const batchOf = (run: OfficialRun, domain: number): Dataset => {
  const { classes, inputShape } = settingsOf(run, domain)
  const values = scope(() => readSync(run.fixture.ours(`x${domain}`, 'images')))
  const labels = Int32Array.from(run.fixture.values(`y${domain}`))
  const whole: HostBatch = { inputs: Float32Array.from(values), shape: [labels.length, ...inputShape], labels, indices: labels.map((_label, index) => index) }
  return { specVersion: 1, name: `official/${domain}`, task: { kind: 'classification', classes }, size: labels.length, exampleShape: inputShape, labels, read: () => whole }
}

const trained = async (run: OfficialRun, kind: 'parallel' | 'series', domains: readonly number[], options: { readonly untouched?: 'zero'; readonly shared?: 'trained'; readonly decayMode: 'intended' | 'reference'; readonly compile?: Compile }): Promise<ReadonlyMap<string, SafetensorsEntry>> => {
  const start = await importRun(run, kind, domains)
  const make = kind === 'parallel' ? parallelAdapters : seriesAdapters
  const { untouched, shared, decayMode, compile } = options
  const { set } = await trainDomains({
    source: start.base,
    strategy: make(),
    domains: domains.map((domain) => {
      const strategy = make({ weightDecay: settingsOf(run, domain).weightDecay, decayMode })
      return { name: String(domain), dataset: batchOf(run, domain), strategy, model: start.domains.get(String(domain))! }
    }),
    rounds: 2,
    // The factors of the decay are the decays themselves.
    optimiser: sgd({ momentum: run.settings.momentum, weightDecay: 1 }),
    schedule: constant(run.settings.lr),
    ...(compile === undefined ? {} : { compile }),
    ...(untouched === undefined ? {} : { untouched }),
    ...(shared === undefined ? {} : { shared }),
  })
  const entries = new Map(exportDomains(set).map((entry) => [entry.name, entry]))
  releaseDomains(start)
  releaseDomains(set)
  const free = ({ variables }: TrainedNetwork): void => release([variables.params, variables.state])
  free(start.base)
  if (set.base !== start.base) free(set.base)
  return entries
}

const compare = ({ fixture, tolerances }: OfficialRun, entries: ReadonlyMap<string, SafetensorsEntry>, prefix: string): void => {
  const expected = fixture.names(prefix).filter((name) => !name.endsWith('num_batches_tracked'))
  expect(expected.length).toBeGreaterThan(20)
  for (const name of expected) {
    const [relative, absolute] = tolerances[`${prefix}${name}`]!
    expectClose(floatsOf(entries.get(name)!), fixture.values(`${prefix}${name}`), { relative, absolute })
  }
  // What the official training did not change is bitwise what it was. Some results hold parameters only.
  const before = new Map(fixture.state.map((entry) => [entry.name, entry]))
  for (const [name, entry] of entries) if (!expected.includes(name) && !name.includes('running_')) expect(floatsOf(entry)).toEqual(floatsOf(before.get(name)!))
}

test('an official checkpoint of two domains comes back as it was', async () => {
  const run = officialRun('parallel-adapters-round-robin')
  const set = await importRun(run, 'parallel', [0, 1])
  const entries = new Map(exportDomains(set).map((entry) => [entry.name, entry]))
  const official = run.fixture.state.filter(({ name }) => !name.endsWith('num_batches_tracked'))
  expect([...entries.keys()].sort()).toEqual(official.map(({ name }) => name).sort())
  for (const entry of official) expect(floatsOf(entries.get(entry.name)!)).toEqual(floatsOf(entry))
  releaseDomains(set)
  release([set.base.variables.params, set.base.variables.state])
})

test('two domains in turns, gradients of others absent, give the official tensors', async () => {
  const run = officialRun('parallel-adapters-round-robin')
  compare(run, await trained(run, 'parallel', [0, 1], { decayMode: 'reference' }), 'roundRobin.none/')
}, patient)

test('two domains in turns, gradients of others zero, give the official tensors', async () => {
  const run = officialRun('parallel-adapters-round-robin')
  compare(run, await trained(run, 'parallel', [0, 1], { decayMode: 'reference', untouched: 'zero' }), 'roundRobin.zero/')
}, patient)

test.each(['groups', 'official'] as const)('filters that are trained with a domain give the official tensors, %s decay', async (decay) => {
  const run = officialRun('series-adapters-joint')
  const entries = await trained(run, 'series', [0], { decayMode: decay === 'official' ? 'reference' : 'intended', shared: 'trained' })
  compare(run, entries, `after0.${decay}/`)
}, patient)

test('compiled, all of these give the official tensors', { timeout: patient }, async ({ skip }) => {
  const [turns, joint] = [officialRun('parallel-adapters-round-robin'), officialRun('series-adapters-joint')]
  await runCompiled(() => openRuntime({ backend: 'native' }), skip, async (compile) => {
    compare(turns, await trained(turns, 'parallel', [0, 1], { decayMode: 'reference', compile }), 'roundRobin.none/')
    compare(turns, await trained(turns, 'parallel', [0, 1], { decayMode: 'reference', untouched: 'zero', compile }), 'roundRobin.zero/')
    compare(joint, await trained(joint, 'series', [0], { decayMode: 'intended', shared: 'trained', compile }), 'after0.groups/')
  })
})

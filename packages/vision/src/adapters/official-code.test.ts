import { openRuntime } from '@transferkit/runtime/node'
import { flattenTree, foldIn, inference, randomKey, readSync, scope, type Tensor } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { runCompiled } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import { fixturesDir } from '../pytorch/official.fixture.js'
import { importPytorch } from '../pytorch/weights.js'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { isAdapterPath } from './adapted-convolution.js'
import { checkPass, checkSteps, largeEntries, largeRun, officialNames, officialNetwork, officialRun, together } from './official-adapters.fixture.js'

/** The plain JavaScript backend is slow, and slower on a busy machine. */
const patient = 180_000

describe.each([
  ['parallel-adapters-proj10', ['official']],
  ['series-adapters-joint', ['official', 'groups']],
  ['parallel-adapters-round-robin', ['official', 'groups']],
] as const)('%s agrees with the official code', (name, decays) => {
  const run = officialRun(name)

  test.each([0, 1])(
    'in its logits, activations, loss and gradients, domain %i',
    (domain) => {
      checkPass(run, domain)
    },
    patient,
  )

  test.each(decays.flatMap((decay) => [0, 1].map((domain) => [decay, domain] as const)))(
    'in everything after two steps with the %s optimiser, domain %i',
    (decay, domain) => {
      checkSteps(run, domain, decay)
    },
    patient,
  )

  test('compiled, in all of it', { timeout: patient }, async ({ skip }) => {
    await runCompiled(() => openRuntime({ backend: 'native' }), skip, (compile) => {
      for (const domain of [0, 1]) {
        checkPass(run, domain, compile)
        for (const decay of decays) checkSteps(run, domain, decay, compile)
      }
    })
  })
})

const reason = fixturesDir === undefined ? ' (skipped: set TRANSFERKIT_FIXTURES_DIR to the folder with the large fixtures)' : ''

describe.skipIf(fixturesDir === undefined)(`the networks of 26 layers agree with the official code${reason}`, () => {
  // The second domain has the smaller images; the first differs in nothing else.
  test.each([
    ['parallel26', 1],
    ['series26', 1],
  ])(
    '%s in its logits, loss and gradients, domain %i',
    (name, domain) => {
      checkPass(largeRun(name), domain)
    },
    2 * patient,
  )

  test.for(['parallel26', 'series26'])('%s compiled, in both domains', { timeout: patient }, async (name, { skip }) => {
    await runCompiled(() => openRuntime({ backend: 'native' }), skip, (compile) => {
      for (const domain of [0, 1]) checkPass(largeRun(name), domain, compile)
    })
  })

  test.each([
    ['newdomain_parallel', parallelAdapters],
    ['newdomain_series_offtheshelf', seriesAdapters],
  ])(
    '%s: a new domain starts like the official copy, and filters are shared',
    (name, strategy) => {
      scope(() => {
        const { fixture, settings, tolerances } = largeRun(name)
        const target = { ...settings, inputSizes: [settings.inputSize ?? [0, 0], settings.inputSize ?? [0, 0]] }
        const plain = { ...target, mode: 'bn', num_classes: settings.sourceClasses ?? [] } as const
        const source = { network: officialNetwork(plain, 0), variables: importPytorch(officialNetwork(plain, 0), largeEntries(`${name}.source.safetensors`), officialNames(plain, 0)) }
        for (const domain of [0, 1]) {
          const network = officialNetwork({ ...target, mode: settings.targetMode ?? 'bn' }, domain)
          const names = officialNames({ ...target, mode: settings.targetMode ?? 'bn' }, domain)
          const expected = importPytorch(network, largeEntries(`${name}.target.safetensors`), names)
          const classes = Array.from({ length: settings.num_classes[domain] ?? 0 }, (_, index) => String(index))
          const program = strategy().prepare({ source, task: { kind: 'classification', classes }, inputShape: source.network.inputShape })
          const start = together(program.init(foldIn(randomKey(1), String(domain))))
          for (const part of ['params', 'state'] as const) {
            const theirs = new Map(flattenTree<Tensor>(expected[part]).map(({ path, leaf }) => [path, leaf]))
            for (const { path, leaf } of flattenTree<Tensor>(start[part])) {
              const isRandom = path.startsWith('head.') || (isAdapterPath(path) && path.endsWith('.filter'))
              if (isRandom) expect(leaf.shape).toEqual(theirs.get(path)!.shape)
              else expect(readSync(leaf)).toEqual(readSync(theirs.get(path)!))
            }
          }
          const key = `target.eval_logits${domain}`
          const [relative, absolute] = tolerances[key] ?? [0, 0]
          expectClose(network.apply(expected, fixture.ours('x', 'images'), inference).output, fixture.values(key), { relative, absolute })
        }
      })
    },
    patient,
  )
})

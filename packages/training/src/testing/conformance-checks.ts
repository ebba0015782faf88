import { type AnyTensor, foldIn, inference, leavesOf, randomKey, release, scope, type TensorTree, TransferkitError } from '@transferkit/tensor'
import { closeTo, liveTensors } from '@transferkit/tensor/testing'
import { loadArtefact } from '../artefact/load-artefact.js'
import { baselineStrategies } from '../strategies/baselines.js'
import { type ConformanceCheck, fail } from './conformance-setting.js'
import { gradients } from './gradient-check.js'
import { features, held, prefix, resume } from './phase-checks.js'
import { firstChange, logitsOf, programOf, sameBytes, tensorsOf, using, valuesOf, withStart } from './trained-values.js'

const determinism: ConformanceCheck = {
  name: 'determinism',
  title: 'the same seed gives the same model, another seed another one',
  run: async (setting) => {
    const [first, second] = [await tensorsOf(setting.run()), await tensorsOf(setting.run())]
    if (!sameBytes(first, second)) fail('Two trainings with one seed gave different models. All randomness must come from the keys that the strategy is given.')
    const other = await tensorsOf(setting.run({ seed: 6 }))
    if (sameBytes(first, other)) fail('Trainings with two seeds gave the same model.')
    const program = programOf(setting)
    const starts = [await withStart(setting, program, 1, ({ params }) => valuesOf(params)), await withStart(setting, program, 2, ({ params }) => valuesOf(params))] as const
    if (firstChange(...starts) === undefined) fail('Two keys give the same start: init ignores its key. At least the new head starts at random.')
  },
}

const memory: ConformanceCheck = {
  name: 'memory',
  title: 'no step leaks a tensor, and a released model leaves none',
  run: async (setting) => {
    const before = liveTensors()
    const counts = new Set<number>()
    const run = setting.run({ inspectEvery: 1 })
    for await (const event of run) if (event.type === 'step-end') counts.add(liveTensors())
    ;(await run).release()
    if (counts.size > 1) fail(`The number of tensors changes from step to step: ${[...counts].join(', ')}.`)
    const leaked = liveTensors() - before
    if (leaked !== 0) fail(`After the model was released there are ${leaked} tensors more than before. Does the strategy keep or free tensors outside of scopes?`)
  },
}

const frozen: ConformanceCheck = {
  name: 'frozen',
  title: 'the source and all that is frozen stay as they are, bit for bit',
  run: async (setting) => {
    const { source } = setting
    const sourceTree: TensorTree = { params: source.variables.params, state: source.variables.state }
    const before = valuesOf(sourceTree)
    const key = foldIn(randomKey(5), 'init')
    const start = await withStart(setting, { ...programOf(setting), init: () => programOf(setting).init(key) }, 0, (variables) => valuesOf(variables.frozen))
    await using(await setting.run(), ({ variables }) => {
      const moved = firstChange(start, valuesOf(variables.frozen))
      if (moved !== undefined) fail(`The frozen tensor '${moved}' has changed. What is trained belongs to params.`)
    })
    const changed = firstChange(before, valuesOf(sourceTree))
    if (changed !== undefined) fail(`The source's own tensor '${changed}' has changed.`)
  },
}

const roundTrip: ConformanceCheck = {
  name: 'round-trip',
  title: 'a saved model is loaded bit for bit, and the published model is the trained one',
  run: async (setting) => {
    const { source, definition } = setting
    await using(await setting.run(), async (result) => {
      const loaded = await loadArtefact({ artefact: await result.artefact(), source, strategies: [definition, ...baselineStrategies] })
      try {
        const [trained, reread] = [await logitsOf(setting, result.logits), await logitsOf(setting, loaded.logits)]
        if (!trained.every((value, index) => Object.is(value, reread[index]))) {
          fail('A saved and loaded model gives other scores than the trained one. Does it use something that is neither in its variables nor in its options?')
        }
      } finally {
        loaded.release()
      }
    })
  },
}

const statistics: ConformanceCheck = {
  name: 'statistics',
  title: 'running statistics follow the data and are kept in the model',
  run: async (setting) => {
    const program = programOf(setting)
    const before = await withStart(setting, program, 1, ({ state }) => valuesOf(state))
    if (before.size === 0) return
    await using(await setting.run({ seed: 1 }), ({ variables }) => {
      const after = valuesOf(variables.state)
      const lost = [...before.keys()].filter((path) => !after.has(path))
      if (lost.length > 0) fail(`The running statistics ${lost.join(', ')} are lost from the trained model.`)
      if (firstChange(before, after) === undefined) fail('No running statistic has changed in training: the state after the forward pass is lost.')
    })
  },
}

const fold: ConformanceCheck = {
  name: 'fold',
  title: 'the folded network computes the same as the model',
  run: async (setting) => {
    await using(await setting.run(), async (result) => {
      const { program, variables } = result
      const folded = scope(() => program.fold?.(variables))
      if (folded === undefined) return
      const [trained, plain] = [await logitsOf(setting, result.logits), await logitsOf(setting, (images) => folded.network.apply(folded.variables, images, inference).output)]
      const owned = new Set(leavesOf<AnyTensor>({ ...variables, source: setting.source.variables.params, sourceState: setting.source.variables.state }).map(({ id }) => id))
      release(leavesOf<AnyTensor>({ params: folded.variables.params, state: folded.variables.state }).filter(({ id }) => !owned.has(id)))
      if (!closeTo(plain, trained, { absolute: 1e-4, relative: 1e-4 })) fail('The folded network gives other scores than the model.')
    })
  },
}

const learning: ConformanceCheck = {
  name: 'learning',
  title: 'the loss falls on a small task',
  run: async (setting) => {
    const losses: number[] = []
    const run = setting.run({ steps: setting.steps })
    for await (const event of run) if (event.type === 'step-end') losses.push(event.loss)
    ;(await run).release()
    const quarter = Math.ceil(losses.length / 4)
    const average = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length
    const [first, last] = [average(losses.slice(0, quarter)), average(losses.slice(-quarter))]
    if (!(last < first)) fail(`The mean loss of the last quarter of ${setting.steps} steps, ${last}, is not below that of the first, ${first}.`)
  },
}

const options: ConformanceCheck = {
  name: 'options',
  title: 'unknown options are rejected by name, and its own options are plain data',
  run: ({ definition, strategy }) => {
    const unknown = 'noSuchOption'
    // The definition is called with options that it does not have, to see what it says.
    const error = thrownBy(() => (definition as unknown as (options: unknown) => unknown)({ [unknown]: 1 }))
    if (error === undefined) fail('An option that the strategy does not have was accepted. Use a strict schema.')
    const isNamed = TransferkitError.isInstance(error) && error.code === 'strategy/options' && [unknown, definition.name].every((name) => error.message.includes(name))
    if (!isNamed) fail(`An unknown option must throw a TransferkitError 'strategy/options' that names the strategy and the option; found: ${String(error)}`)
    if (JSON.stringify(JSON.parse(JSON.stringify(strategy.options))) !== JSON.stringify(strategy.options)) fail('The options are not plain data.')
  },
}

const thrownBy = (work: () => unknown): unknown => {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

/** All properties that the conformance suite tests, in order. */
export const conformanceChecks: readonly ConformanceCheck[] = [options, determinism, memory, frozen, held, gradients, statistics, roundTrip, resume, prefix, features, fold, learning]

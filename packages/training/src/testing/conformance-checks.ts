import { type AnyTensor, foldIn, inference, leavesOf, randomKey, release, scope, type Strategy, type TensorTree, TransferkitError } from '@transferkit/tensor'
import { breach } from '@transferkit/tensor/conformance'
import { closeTo, liveTensors } from '@transferkit/tensor/testing'
import { loadArtefact } from '../artefact/load-artefact.js'
import { baselineStrategies } from '../strategies/baselines.js'
import type { StrategyProperty } from './conformance-setting.js'
import { gradients } from './gradient-check.js'
import { features, held, prefix, resume } from './phase-checks.js'
import { firstChange, firstDifference, logitsOf, programOf, sameBytes, tensorsOf, using, valuesOf, withStart } from './trained-values.js'

const determinism: StrategyProperty = {
  name: 'determinism',
  title: 'the same seed gives the same model, another seed another one',
  run: async (setting) => {
    const [first, second] = [await tensorsOf(setting.run()), await tensorsOf(setting.run())]
    if (!sameBytes(first, second)) breach({ where: firstDifference(first, second), expected: 'the same model from two trainings with seed 5, bit for bit', found: 'two models', advice: 'Take all randomness from the keys that the strategy is given: no Math.random, no counter that outlives a training.' })
    const other = await tensorsOf(setting.run({ seed: 6 }))
    if (sameBytes(first, other)) breach({ expected: 'another model from another seed', found: 'the same model from seed 5 and seed 6', advice: 'Give the key of init on to the initialisers; at least the new head starts at random.' })
    const program = programOf(setting)
    const starts = [await withStart(setting, program, 1, ({ params }) => valuesOf(params)), await withStart(setting, program, 2, ({ params }) => valuesOf(params))] as const
    if (firstChange(...starts) === undefined) breach({ where: 'init', expected: 'other parameters from another key', found: 'the same ones from two keys', advice: 'Give the key on to the initialisers, as in initialise(foldIn(key, "head")); at least the new head starts at random.' })
  },
}

const memory: StrategyProperty = {
  name: 'memory',
  title: 'no step leaks a tensor, and a released model leaves none',
  run: async (setting) => {
    const before = liveTensors()
    const counts = new Set<number>()
    const run = setting.run({ inspectEvery: 1 })
    for await (const event of run) if (event.type === 'step-end') counts.add(liveTensors())
    ;(await run).release()
    if (counts.size > 1) breach({ where: 'between steps', expected: 'as many tensors after each step as after the one before', found: `${[...counts].join(', ')} tensors`, advice: 'What has to last from step to step belongs into params, state or extra; keep no tensor in a variable of your own.' })
    const leaked = liveTensors() - before
    if (leaked !== 0) breach({ where: 'after the model was released', expected: 'as many tensors as before the training', found: `${Math.abs(leaked)} ${leaked > 0 ? 'more' : 'fewer'}`, advice: 'Make tensors inside init, loss or step, where a scope frees them, never in prepare or at import; and release none.' })
  },
}

const frozen: StrategyProperty = {
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
      if (moved !== undefined) breach({ where: `the frozen tensor '${moved}'`, expected: 'the values that init gave it, bit for bit', found: 'other values after the training', advice: 'What is trained belongs to params, and what follows the data to state.' })
    })
    const changed = firstChange(before, valuesOf(sourceTree))
    if (changed !== undefined) breach({ where: `the source's own tensor '${changed}'`, expected: 'the values from before the training', found: 'other values', advice: 'Never write into a tensor, nor into the array that readSync gives; make a new one.' })
  },
}

const roundTrip: StrategyProperty = {
  name: 'round-trip',
  title: 'a saved model is loaded bit for bit',
  run: async (setting) => {
    const { source, definition } = setting
    await using(await setting.run(), async (result) => {
      const loaded = await loadArtefact({ artefact: await result.artefact(), source, strategies: [definition, ...baselineStrategies] })
      try {
        const [trained, reread] = [await logitsOf(setting, result.logits), await logitsOf(setting, loaded.logits)]
        if (!trained.every((value, index) => Object.is(value, reread[index]))) {
          breach({ where: 'the scores of 8 test examples', expected: 'the same from the saved and loaded model as from the trained one, bit for bit', found: 'other scores', advice: 'Compute from the variables and the options alone: what else the strategy remembers is not saved.' })
        }
      } finally {
        loaded.release()
      }
    })
  },
}

const publish: StrategyProperty = {
  name: 'publish',
  title: 'the model that is kept computes what the trained one does',
  run: async (setting) => {
    const { strategy } = setting
    if (programOf(setting).publish === undefined) return
    const unpublished: Strategy = {
      ...strategy,
      prepare: (context) => {
        const program = strategy.prepare(context)
        return { ...program, publish: (variables) => variables }
      },
    }
    const [trained, kept] = [await using(await setting.run({ strategy: unpublished }), (result) => logitsOf(setting, result.logits)), await using(await setting.run(), (result) => logitsOf(setting, result.logits))]
    if (!closeTo(kept, trained)) breach({ where: 'the scores of 8 test examples', expected: 'the same from what publish keeps as from all that was trained', found: worstScore(kept, trained), advice: 'Drop in publish what inference does not use, and nothing else: running statistics of batch norm are used.' })
  },
}

const statistics: StrategyProperty = {
  name: 'statistics',
  title: 'running statistics follow the data and are kept in the model',
  run: async (setting) => {
    const program = programOf(setting)
    const before = await withStart(setting, program, 1, ({ state }) => valuesOf(state))
    if (before.size === 0) return
    await using(await setting.run({ seed: 1 }), ({ variables }) => {
      const after = valuesOf(variables.state)
      const lost = [...before.keys()].filter((path) => !after.has(path))
      if (lost.length > 0) breach({ where: `the running statistics ${lost.map((path) => `'${path}'`).join(', ')}`, expected: 'to be part of the trained model', found: 'they are lost', advice: 'Let publish keep the state of the network; batch norm needs it in inference.' })
      if (firstChange(before, after) === undefined) breach({ where: 'the state', expected: 'other running statistics after a training', found: 'those of the start', advice: "Return the forward pass's new state from forward and loss, not the one that was given." })
    })
  },
}

const fold: StrategyProperty = {
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
      if (!closeTo(plain, trained, { absolute: 1e-4, relative: 1e-4 })) breach({ where: 'the scores of 8 test examples', expected: 'the same from the folded network as from the model, to 1e-4', found: worstScore(plain, trained), advice: 'Fold the trained values, running statistics included, and check the order of the operations.' })
    })
  },
}

const learning: StrategyProperty = {
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
    if (!(last < first)) breach({ where: `${setting.steps} steps at batches of 8`, expected: `a mean loss in the last quarter below that of the first, ${first}`, found: String(last), advice: 'Does the loss reach the parameters, and is the sign right? Try another learningRate or more steps in the options of the suite.' })
  },
}

const options: StrategyProperty = {
  name: 'options',
  title: 'unknown options are rejected by name, and its own options are plain data',
  run: ({ definition, strategy }) => {
    const unknown = 'noSuchOption'
    // The definition is called with options that it does not have, to see what it says.
    const error = thrownBy(() => (definition as unknown as (options: unknown) => unknown)({ [unknown]: 1 }))
    if (error === undefined) breach({ where: `options { ${unknown}: 1 }`, expected: "a TransferkitError 'strategy/options'", found: 'they were accepted', advice: 'Use a strict schema, such as z.strictObject: a misspelt option would be passed over in silence.' })
    const isNamed = TransferkitError.isInstance(error) && error.code === 'strategy/options' && [unknown, definition.name].every((name) => error.message.includes(name))
    if (!isNamed) breach({ where: `options { ${unknown}: 1 }`, expected: `a TransferkitError 'strategy/options' that names '${definition.name}' and '${unknown}'`, found: String(error), advice: 'Define the strategy by defineStrategy or defineRegulariser, which check the options.' })
    if (JSON.stringify(JSON.parse(JSON.stringify(strategy.options))) !== JSON.stringify(strategy.options)) breach({ where: 'the options', expected: 'plain data, which can be written to a recipe and back', found: shownKinds(strategy.options), advice: 'Take names and numbers as options, and look functions and objects up by them in prepare.' })
  },
}

/** Kinds of the options' values. */
const shownKinds = (options: Readonly<Record<string, unknown>>): string => Object.entries(options).map(([name, value]) => `${name}: ${typeof value}`).join(', ')

/** The pair of scores that are furthest apart. */
const worstScore = (found: Float32Array, expected: Float32Array): string => {
  const distances = [...expected].map((value, index) => Math.abs(value - (found[index] ?? Number.NaN)))
  const index = distances.indexOf(Math.max(...distances))
  return `score ${index} is ${String(found[index])} instead of ${String(expected[index])}`
}

const thrownBy = (work: () => unknown): unknown => {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

/** All properties that every strategy has, in order. @internal */
export const strategyProperties: readonly StrategyProperty[] = [options, determinism, memory, frozen, held, gradients, statistics, publish, roundTrip, resume, prefix, features, fold, learning]

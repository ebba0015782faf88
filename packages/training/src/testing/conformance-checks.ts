import {
  type AnyTensor,
  flattenTree,
  foldIn,
  inference,
  leavesOf,
  type LossInputs,
  mapTree,
  type ProgramVariables,
  randomKey,
  readSync,
  release,
  scalar,
  scope,
  tensor,
  type Tensor,
  type TensorTree,
  TransferkitError,
  type TransferProgram,
  valueAndGrad,
} from '@transferkit/tensor'
import { closeTo, liveTensors } from '@transferkit/tensor/testing'
import { loadArtefact } from '../artefact/load-artefact.js'
import { belongsTo } from '../artefact/private-trees.js'
import { batchOnBackend, consecutive, readBatch } from '../loop/batches.js'
import type { TransferResult } from '../loop/transfer.js'
import { baselineStrategies } from '../strategies/baselines.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import { type ConformanceSetting, fail } from './conformance-setting.js'

/** One property that every strategy has. */
export interface ConformanceCheck {
  /** Short name, for `except`. */
  readonly name: string
  /** What is tested, as a sentence about the strategy. */
  readonly title: string
  /** Throws where a strategy does not have the property. @internal */
  run(setting: ConformanceSetting): Promise<void> | void
}

/** Values of all tensors by path, on the host. */
const valuesOf = (tree: TensorTree): ReadonlyMap<string, Float32Array> => new Map(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, readSync(leaf).slice()]))

/** First path whose values differ bit for bit, among the paths that both have. */
const firstChange = (before: ReadonlyMap<string, Float32Array>, after: ReadonlyMap<string, Float32Array>): string | undefined =>
  [...before].find(([path, values]) => after.get(path)?.some((value, index) => !Object.is(value, values[index])) === true)?.[0]

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => left.length === right.length && left.every((byte, index) => byte === right[index])

/** Uses a result and frees it. */
const using = async <T>(result: TransferResult, use: (result: TransferResult) => Promise<T> | T): Promise<T> => {
  try {
    return await use(result)
  } finally {
    result.release()
  }
}

const tensorsOf = async (run: PromiseLike<TransferResult>): Promise<Uint8Array> => using(await run, async (result) => (await result.artefact()).tensors)

const programOf = ({ strategy, source, target }: ConformanceSetting): TransferProgram => strategy.prepare({ source, task: target.task, inputShape: target.exampleShape })

/** Runs the start of a model and frees what does not belong to the source. */
const withStart = async <T>({ source }: ConformanceSetting, program: TransferProgram, seed: number, use: (variables: ProgramVariables) => Promise<T> | T): Promise<T> => {
  const variables = program.init(randomKey(seed))
  try {
    return await use(variables)
  } finally {
    const isSource = belongsTo(source)
    release(leavesOf<AnyTensor>({ ...variables }).filter((leaf) => !isSource(leaf)))
  }
}

const someImages = async ({ test }: ConformanceSetting): Promise<Tensor> => {
  const [indices = new Int32Array(0)] = consecutive(test.size, 8)
  const { inputs, shape } = await readBatch(test, indices, [], randomKey(0))
  return tensor(inputs, shape)
}

/** Logits of some images, on the host. */
const logitsOf = async (setting: ConformanceSetting, forward: (images: Tensor) => Tensor): Promise<Float32Array> => {
  const images = await someImages(setting)
  try {
    return scope(() => readSync(forward(images)).slice())
  } finally {
    release(images)
  }
}

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

const relative = 0.03

const gradients: ConformanceCheck = {
  name: 'gradients',
  title: 'the gradient of the loss agrees with finite differences',
  run: async (setting) => {
    const program = programOf(setting)
    const lossOf = program.loss?.bind(program) ?? classificationLoss(program)
    const { target, sourceData, strategy } = setting
    const read = async (dataset: typeof target): Promise<Awaited<ReturnType<typeof readBatch>>> => readBatch(dataset, Int32Array.from({ length: 8 }, (_, index) => index), [], randomKey(0))
    const [host, hostSource] = [await read(target), strategy.usesSourceData === true ? await read(sourceData) : undefined]
    await withStart(setting, program, 7, (variables) =>
      scope(() => {
        const given: Omit<LossInputs, 'variables'> = { batch: batchOnBackend(host, hostSource), key: randomKey(8), progress: scalar(0.5) }
        const loss = (params: TensorTree): ReturnType<typeof lossOf>['loss'] => lossOf({ ...given, variables: { ...variables, params } }).loss
        const { gradient } = valueAndGrad(loss)(variables.params)
        const all = valuesOf(gradient)
        const whole = Math.sqrt([...all.values()].reduce((total, values) => total + squaredNorm(values), 0))
        for (const [path, values] of all) checkAlong(path, values, whole, variables.params, (params) => readSync(loss(params))[0] ?? Number.NaN)
      }),
    )
  },
}

const squaredNorm = (values: Float32Array): number => values.reduce((total, value) => total + value * value, 0)

/** Moves one tensor along its gradient, or along ones where that is 0, and compares the slope of the loss. */
const checkAlong = (path: string, gradient: Float32Array, whole: number, params: TensorTree, lossAt: (params: TensorTree) => number): void => {
  const norm = Math.sqrt(squaredNorm(gradient))
  const isFlat = norm < 1e-4 * whole
  const direction = gradient.map((value) => (isFlat ? 1 / Math.sqrt(gradient.length) : value / norm))
  const moved = (distance: number): TensorTree =>
    mapTree(params, (leaf, at) => (at === path ? tensor(readSync(leaf).map((value, index) => value + distance * (direction[index] ?? 0)), leaf.shape) : leaf))
  const slope = (step: number): number => scope(() => (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step))
  const expected = isFlat ? gradient.reduce((total, value, index) => total + value * (direction[index] ?? 0), 0) : norm
  // A step may cross the kink of a rectifier; a shorter one then does not.
  const found = [1e-2, 3e-3, 1e-3].map(slope)
  const closest = Math.min(...found.map((value) => Math.abs(value - expected)))
  if (!(closest <= relative * Math.max(norm, 0.02 * whole))) {
    fail(`The gradient of '${path}' is wrong: along it the loss changes by ${found.join(', ')} per unit, but the gradient says ${expected}. Is a part of the loss cut off from it?`)
  }
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

const resume: ConformanceCheck = {
  name: 'resume',
  title: 'a resumed training ends like one that was never stopped',
  run: async (setting) => {
    let checkpoint: Uint8Array | undefined
    const straight = await tensorsOf(setting.run({ checkpointEvery: 3, saveCheckpoint: (bytes) => void (checkpoint = bytes) }))
    if (checkpoint === undefined) return fail('No checkpoint was taken.')
    const resumed = await tensorsOf(setting.run({ resumeFrom: checkpoint }))
    if (!sameBytes(straight, resumed)) fail('A training that was resumed from a checkpoint ends with another model. Does the strategy remember something outside of its training state?')
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

const prefix: ConformanceCheck = {
  name: 'prefix',
  title: 'a frozen prefix and the rest together are the forward pass',
  run: async (setting) => {
    const program = programOf(setting)
    const { prefix: part } = program
    if (part === undefined) return
    await withStart(setting, program, 3, async (variables) => {
      const whole = await logitsOf(setting, (images) => program.forward(variables, images, inference).logits)
      const parts = await logitsOf(setting, (images) => part.forward(variables, part.compute(variables, images), inference).logits)
      if (!closeTo(parts, whole)) fail('The features of the frozen prefix and the rest of the forward pass give other scores than the forward pass as a whole.')
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
export const conformanceChecks: readonly ConformanceCheck[] = [options, determinism, memory, frozen, gradients, statistics, roundTrip, resume, prefix, fold, learning]

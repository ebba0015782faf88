import { scope, release } from '../memory/scope.js'
import { inference, type Mode, modulesInside, trainingMode, type Variables } from '../module/module.js'
import { type Network, runStages, withClasses } from '../module/network.js'
import { integerTensor, tensor } from '../ops/creation.js'
import { mean } from '../ops/reduction.js'
import { slice } from '../ops/shape.js'
import { softmaxCrossEntropy } from '../ops/softmax.js'
import { normalArray } from '../random/host.js'
import { type Key, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import { liveTensors } from '../testing/live-tensors.js'
import { flattenTree, mapTree, type TensorTree } from '../tree/tree.js'
import { expectGradients } from './expect-gradients.js'
import { breach, type Property } from './property.js'

/** What the properties of a network are tested on. @internal */
export interface NetworkSetting {
  readonly network: Network
  /** Makes a batch of that many examples. */
  readonly inputs: (key: Key, shape: Shape) => Tensor
}

type NetworkProperty = Property<NetworkSetting>

const examples = 4
const key = randomKey(3)

type Values = ReadonlyMap<string, Float32Array>

const valuesOf = (tree: TensorTree): Values => new Map(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, readSync(leaf).slice()]))

const variablesOf = ({ params, state }: Variables): TensorTree => ({ params, state })

const isSame = (left: ArrayLike<number>, right: ArrayLike<number> | undefined): boolean => left.length === right?.length && Array.from(left).every((value, index) => Object.is(value, right[index]))

const firstChange = (before: Values, after: Values): string | undefined => [...before].find(([path, values]) => !isSame(values, after.get(path)))?.[0]

const normal = (inputsKey: Key, shape: Shape): Tensor => tensor(normalArray(inputsKey, shape.reduce((product, size) => product * size, 1)), shape)

/** A number that tells the size of a batch apart from everything else. */
const batch = ({ network, inputs }: NetworkSetting, size = examples): Tensor => inputs(randomKey(4), [size, ...network.inputShape])

const init = ({ network }: NetworkSetting, own = key): Variables => network.init(own, [examples, ...network.inputShape])

const scores = (setting: NetworkSetting, variables: Variables, mode: Mode = inference): Float32Array => readSync(setting.network.apply(variables, batch(setting), mode).output).slice()

const listed = (shape: Shape): string => `[${shape.join(', ')}]`

const shapes: NetworkProperty = {
  name: 'shapes',
  title: 'every stage leaves its tap, the last gives one vector an example, and the head one score a class',
  run: (setting) => scope(() => {
    const { network } = setting
    const variables = init(setting)
    const { output, taps } = network.apply(variables, batch(setting), inference)
    const missing = network.stages.find(({ name }) => taps[name] === undefined)
    if (missing !== undefined) breach({ where: `stage '${missing.name}'`, expected: `a tap '${missing.name}', the activation after the stage`, found: `taps ${Object.keys(taps).join(', ') || 'of no name'}`, advice: "Build the network by network() of @transferkit/tensor, which collects the taps." })
    const feature = network.stages.at(-1)
    const featureShape = feature === undefined ? [] : (taps[feature.name]?.shape ?? [])
    if (featureShape.length !== 2 || featureShape[0] !== examples) breach({ where: `stage '${feature?.name ?? 'none'}', the last one`, expected: `vectors, [${examples}, size]`, found: listed(featureShape), advice: 'End the stages with a pooling or with flattenLayer().' })
    if (String(output.shape) !== String([examples, network.classes])) breach({ where: 'the scores', expected: listed([examples, network.classes]), found: listed(output.shape), advice: 'The head gives one score for each of the classes.' })
    const wrong = readSync(output).findIndex((value) => !Number.isFinite(value))
    if (wrong !== -1) breach({ where: `score ${wrong}`, expected: 'a finite number', found: String(readSync(output)[wrong]), advice: 'Look for a division by 0 or a logarithm of it.' })
    const unplaced = [...valuesOf(variables.params).keys()].find((path) => ![...network.stages.map(({ name }) => name), 'head'].some((name) => path.startsWith(`${name}.`)))
    if (unplaced !== undefined) breach({ where: `the parameter '${unplaced}'`, expected: "a path that begins with the name of a stage, or with 'head'", found: `'${unplaced}'`, advice: 'Keep the variables of a module under its name; composite() and network() do.' })
  }),
}

const determinism: NetworkProperty = {
  name: 'determinism',
  title: 'the same key makes the same network and the same training pass, another key another network',
  run: (setting) => scope(() => {
    const [first, second, other] = [valuesOf(init(setting).params), valuesOf(init(setting).params), valuesOf(init(setting, randomKey(99)).params)] as const
    const changed = firstChange(first, second)
    if (changed !== undefined) breach({ where: `the parameter '${changed}'`, expected: 'the same values from the same key', found: 'two different ones', advice: 'Take all randomness from the key: no Math.random, no counter outside.' })
    if (first.size > 0 && firstChange(first, other) === undefined) breach({ where: 'init', expected: 'other values from another key', found: 'the same ones', advice: 'Give the key on to the initialisers, by foldIn with a name for each.' })
    const variables = init(setting)
    if (!isSame(scores(setting, variables, trainingMode(key)), scores(setting, variables, trainingMode(key)))) breach({ where: 'apply in training mode', expected: 'the same scores from the same key', found: 'different ones', advice: 'Take the randomness of dropout from the key of the mode.' })
  }),
}

const memory: NetworkProperty = {
  name: 'memory',
  title: 'making and applying it leaves no tensor behind',
  run: (setting) => {
    const before = liveTensors()
    const variables = init(setting)
    const owned = flattenTree<Tensor>(variablesOf(variables)).length
    const afterInit = liveTensors() - before - owned
    scope(() => {
      for (const mode of [inference, trainingMode(key)]) setting.network.apply(variables, batch(setting), mode)
    })
    const afterApply = liveTensors() - before - owned
    release(variablesOf(variables))
    if (afterInit !== 0) breach({ where: 'init', expected: `${owned} new tensors, the variables`, found: `${afterInit} more`, advice: 'Wrap what init computes in scope().' })
    if (afterApply !== 0) breach({ where: 'apply', expected: 'no tensor after the scope of the pass', found: `${afterApply}`, advice: 'Keep no tensor in a variable outside of the module; what has to last belongs into params or state.' })
  },
}

const purity: NetworkProperty = {
  name: 'purity',
  title: 'a pass changes no variable, and inference is the same each time, whatever was trained between',
  run: (setting) => scope(() => {
    const variables = init(setting)
    const before = valuesOf(variablesOf(variables))
    const first = scores(setting, variables)
    const { state } = setting.network.apply(variables, batch(setting), inference)
    const moved = firstChange(valuesOf(variables.state), valuesOf(state))
    if (moved !== undefined) breach({ where: `the state '${moved}'`, expected: 'inference to give back the state as it was', found: 'other values', advice: 'Update running statistics where mode.training is true, and nowhere else.' })
    setting.network.apply(variables, batch(setting), trainingMode(key))
    const changed = firstChange(before, valuesOf(variablesOf(variables)))
    if (changed !== undefined) breach({ where: `the variable '${changed}'`, expected: 'the values from before the pass', found: 'other values', advice: 'Return new state; never write into a tensor that was given.' })
    if (!isSame(first, scores(setting, variables))) breach({ where: 'the scores', expected: 'the same as before a training pass with the same variables', found: 'other scores', advice: 'Keep nothing outside of params and state.' })
  }),
}

const examplesAlone: NetworkProperty = {
  name: 'examples',
  title: 'in inference, the scores of an example do not depend on its batch',
  run: (setting) => scope(() => {
    const variables = init(setting)
    const inputs = batch(setting)
    const together = readSync(setting.network.apply(variables, inputs, inference).output).slice()
    const alone = readSync(setting.network.apply(variables, slice(inputs, [0, ...setting.network.inputShape.map(() => 0)], [1, ...setting.network.inputShape]), inference).output)
    const wrong = alone.findIndex((value, index) => !(Math.abs(value - (together[index] ?? Number.NaN)) <= 1e-4 * (1 + Math.abs(value))))
    if (wrong !== -1) breach({ where: `score ${wrong} of the first example`, expected: `${String(alone[wrong])}, as for the example alone`, found: `${String(together[wrong])} among ${examples} examples`, advice: 'In inference, normalise by running statistics, not by those of the batch.' })
  }),
}

const statistics: NetworkProperty = {
  name: 'statistics',
  title: 'a training pass gives back the whole state, and running statistics follow the data',
  run: (setting) => scope(() => {
    const variables = init(setting)
    const before = valuesOf(variables.state)
    if (before.size === 0) return
    const after = valuesOf(setting.network.apply(variables, batch(setting), trainingMode(key)).state)
    const lost = [...before].find(([path, values]) => after.get(path)?.length !== values.length)?.[0]
    if (lost !== undefined) breach({ where: `the state '${lost}'`, expected: 'every tensor of the state after a training pass', found: 'it is lost, or has another size', advice: 'Return the state of all modules inside; composite() does.' })
    if (firstChange(before, after) === undefined) breach({ where: 'the state', expected: 'other running statistics after a training pass', found: 'the same as before', advice: 'Return the new statistics as state, rather than the old ones.' })
  }),
}

const gradients: NetworkProperty = {
  name: 'gradients',
  title: 'the gradient of the cross-entropy agrees with finite differences',
  run: (setting) => scope(() => {
    const { params, state } = init(setting)
    const labels = integerTensor(Array.from({ length: examples }, (_, index) => index % setting.network.classes), [examples])
    const inputs = batch(setting)
    expectGradients((moved) => mean(softmaxCrossEntropy(setting.network.apply({ params: moved, state }, inputs, trainingMode(key)).output, labels)), params)
  }),
}

const children: NetworkProperty = {
  name: 'children',
  title: 'it can be rebuilt from its own modules, run stage by stage, and given another head',
  run: (setting) => scope(() => {
    const { network } = setting
    const variables = init(setting)
    const expected = scores(setting, variables)
    const rebuilt = network.withChildren(network.children)
    if (!isSame(expected, readSync(rebuilt.apply(variables, batch(setting), inference).output))) breach({ where: 'withChildren', expected: 'the same scores from a network around the same modules', found: 'other scores', advice: 'Use what withChildren is given wherever the module is applied; PTU and adapters are attached by it.' })
    const unnamed = modulesInside(network).find(([, { description }]) => JSON.stringify(description) !== JSON.stringify(JSON.parse(JSON.stringify(description))))
    if (unnamed !== undefined) breach({ where: `the description of '${unnamed[0]}'`, expected: 'plain data', found: unnamed[1].description.kind, advice: 'Describe a module by strings, numbers and lists of them.' })
    const feature = runStages(network, variables, batch(setting), inference).output
    const wider = withClasses(network, network.classes + 1)
    const other = wider.init(key, [examples, ...network.inputShape])
    const grafted = { params: mapTree(other.params, (leaf, path) => flattenTree<Tensor>(variables.params).find((own) => own.path === path && !path.startsWith('head.'))?.leaf ?? leaf), state: variables.state }
    const same = readSync(runStages(wider, grafted, batch(setting), inference).output)
    if (!isSame(same, readSync(feature))) breach({ where: 'another head', expected: 'the same features from the stages with the same variables', found: 'other features', advice: 'The stages must not depend on the number of classes: a target has another one than the source.' })
  }),
}

/** All properties of a network, in order. @internal */
export const networkProperties: readonly NetworkProperty[] = [shapes, determinism, memory, purity, examplesAlone, statistics, gradients, children]

/** Inputs of a network for images: normal numbers. @internal */
export const normalInputs = normal

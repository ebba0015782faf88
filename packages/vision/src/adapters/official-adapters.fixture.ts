import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Compile,
  flattenTree,
  inference,
  integerTensor,
  type Labels,
  mapTree,
  mergeTrees,
  type Network,
  type Optimiser,
  type ProgramVariables,
  randomKey,
  readSync,
  scalar,
  scope,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  trainingMode,
  type TransferProgram,
  valueAndGradWithAuxiliary,
  type Variables,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { classificationLoss, floatsOf, networkProgram, readSafetensors, type SafetensorsEntry, sgd } from '@transferkit/training'
import { expect } from 'vitest'
import { resnet26 } from '../networks/resnet26.js'
import { fixturesDir, type Official, official, officialNumbers, officialOf } from '../pytorch/official.fixture.js'
import { exportPytorch, importPytorch } from '../pytorch/weights.js'
import type { AdapterOptions } from '../strategies/adapter-options.js'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { adapterGroups } from './adapter-groups.js'
import { adaptNetwork } from './adapt-network.js'
import { chooseConvolutions } from './choose-convolutions.js'
import { residualAdapterNames } from '../pytorch/residual-adapter-names.js'

/** Settings of an official run. */
interface HyperParameters {
  readonly mode?: 'parallel_adapters' | 'series_adapters' | 'bn'
  readonly proj?: '11' | '10' | '01'
  readonly factor: number
  readonly nblocks: readonly [number, number, number]
  readonly num_classes: readonly number[]
  readonly inputSizes: readonly (readonly [number, number])[]
  readonly frozen3x3: boolean
  readonly lr: number
  readonly momentum: number
  readonly weightDecayRest: number
  readonly weightDecay3x3: readonly number[]
  readonly weightDecay1x1: readonly number[]
  readonly steps: number
  readonly inputSize?: readonly [number, number]
  readonly sourceClasses?: readonly number[]
  readonly targetMode?: HyperParameters['mode']
}

/** What an official run of residual adapters gave. */
export interface OfficialRun {
  /** Inputs and results. */
  readonly fixture: Official
  /** Settings. */
  readonly settings: HyperParameters
  /** Numbers by name, with tolerances. */
  readonly scalars: Readonly<Record<string, { readonly value: number; readonly rtol: number; readonly atol: number }>>
  /** Tolerances of tensors, relative and absolute. */
  readonly tolerances: Readonly<Record<string, readonly [number, number]>>
}

/** A run among the fixtures of this package. */
export const officialRun = (name: string): OfficialRun => {
  const { hyperparameters, scalars, tolerances } = officialNumbers<{ hyperparameters: HyperParameters } & Pick<OfficialRun, 'scalars' | 'tolerances'>>(name)
  return { fixture: official(name), settings: hyperparameters, scalars, tolerances }
}

/** Entries of a file in that folder. */
export const largeEntries = (file: string): readonly SafetensorsEntry[] => readSafetensors(readFileSync(join(fixturesDir ?? '', 'residual-adapters', file)), file).entries

/** A run among the large fixtures. */
export const largeRun = (name: string): OfficialRun => {
  // The layout that the README beside those files describes.
  const { hyperparameters, scalars, tensors } = JSON.parse(readFileSync(join(fixturesDir ?? '', 'residual-adapters', `${name}.json`), 'utf8')) as {
    readonly hyperparameters: HyperParameters
    readonly scalars: OfficialRun['scalars']
    readonly tensors: Readonly<Record<string, { readonly tolerance: { readonly rtol: number; readonly atol: number } }>>
  }
  const stateFile = `${name}.state.safetensors`
  const state = existsSync(join(fixturesDir ?? '', 'residual-adapters', stateFile)) ? largeEntries(stateFile).map((entry) => ({ ...entry, name: `state/${entry.name}` })) : []
  return {
    fixture: officialOf(name, [...largeEntries(`${name}.safetensors`), ...state]),
    settings: hyperparameters,
    scalars,
    tolerances: Object.fromEntries(Object.entries(tensors).map(([tensor, { tolerance }]) => [tensor, [tolerance.rtol, tolerance.atol]])),
  }
}

/** How the official optimiser, and two of PyTorch, decay weights. */
export type Decay = 'official' | 'plain' | 'groups'

const kindOf = ({ mode }: Pick<HyperParameters, 'mode'>): 'parallel' | 'series' | 'none' => (mode === 'bn' || mode === undefined ? 'none' : mode === 'series_adapters' ? 'series' : 'parallel')

/** The decay of the optimiser is 1 in these runs, so that its factors are the decays themselves. */
const decayOptions = (settings: HyperParameters, domain: number, decay: Decay): Required<Pick<AdapterOptions, 'weightDecay' | 'decayMode'>> => {
  const rest = settings.weightDecayRest
  const ofFilters = { shared: settings.weightDecay3x3[domain] ?? rest, adapters: settings.weightDecay1x1[domain] ?? rest }
  return { weightDecay: { ...(decay === 'plain' ? { shared: rest, adapters: rest } : ofFilters), rest }, decayMode: decay === 'official' ? 'reference' : 'intended' }
}

interface OfficialModel {
  readonly network: Network
  readonly program: TransferProgram
  readonly variables: ProgramVariables
}

const officialBase = ({ factor, nblocks, inputSizes }: HyperParameters, domain: number, classes: number): Network =>
  resnet26({ classes, widthFactor: factor, blocks: nblocks, inputShape: [...(inputSizes[domain] ?? []), 3] })

/** The network of a run with the adapters of its kind. */
export const officialNetwork = (settings: HyperParameters, domain: number): Network => {
  const base = officialBase(settings, domain, settings.num_classes[domain] ?? 0)
  const kind = kindOf(settings)
  return kind === 'none' ? base : adaptNetwork(base, { kind, convolutions: chooseConvolutions(base, { kind, proj: settings.proj }) })
}

/** Names of a run's tensors. */
export const officialNames = (settings: HyperParameters, domain: number): ReturnType<typeof residualAdapterNames> =>
  residualAdapterNames({ kind: kindOf(settings), domain, ...(settings.proj === undefined ? {} : { proj: settings.proj }) })

const leaves = ({ params, state }: Variables): ReadonlyMap<string, Tensor> => new Map([params, state].flatMap((tree) => flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf])))

const programOf = (settings: HyperParameters, domain: number, decay: Decay, source: TrainedNetwork): TransferProgram => {
  const kind = kindOf(settings)
  const { weightDecay, decayMode } = decayOptions(settings, domain, decay)
  if (kind === 'none') {
    const { shared = 1, adapters = 1, rest = 1 } = weightDecay
    const parameterGroup = adapterGroups(source.network, { weightDecay: { shared, adapters, rest }, decayMode, headLearningRate: 1, trains: () => true })
    return networkProgram({ network: officialBase(settings, domain, settings.num_classes[domain] ?? 0), startsFromSource: () => false, trains: () => true, staysInInference: () => false, parameterGroup })
  }
  const make = kind === 'parallel' ? parallelAdapters : seriesAdapters
  const strategy = make({ weightDecay, decayMode, train: settings.frozen3x3 ? 'private' : 'everything', ...(settings.proj === undefined ? {} : { proj: settings.proj }) })
  const classes = Array.from({ length: settings.num_classes[domain] ?? 0 }, (_, index) => String(index))
  return strategy.prepare({ source, task: { kind: 'classification', classes }, inputShape: source.network.inputShape })
}

/** The model of a run under our strategy, with the official weights. */
const officialModel = ({ settings, fixture }: OfficialRun, domain: number, decay: Decay): OfficialModel => {
  const base = officialBase(settings, domain, 3)
  const source = { network: base, variables: base.init(randomKey(1), [1, ...base.inputShape]) }
  const program = programOf(settings, domain, decay, source)
  const network = officialNetwork(settings, domain)
  const imported = leaves(importPytorch(network, fixture.state, officialNames(settings, domain)))
  const start = program.init(randomKey(2))
  const replaced = (tree: TensorTree): TensorTree => mapTree(tree, (_leaf, path) => imported.get(path.replace(/^(params|state)\./, ''))!)
  return { network, program, variables: { params: replaced(start.params), state: replaced(start.state), frozen: replaced(start.frozen) } }
}

const close = (actual: Tensor | Float32Array, { fixture, tolerances }: OfficialRun, name: string): void => {
  const [relative, absolute] = tolerances[name] ?? [0, 0]
  expectClose(actual, fixture.values(name), { relative, absolute })
}

const closeNumber = (actual: Tensor, { scalars }: OfficialRun, name: string): void => {
  const { value, rtol, atol } = scalars[name] ?? { value: Number.NaN, rtol: 0, atol: 0 }
  expectClose(actual, [value], { relative: rtol, absolute: atol })
}

const taps = { stem: 'stem', layer1: 'stage1', layer2: 'stage2', layer3: 'stage3', pool: 'pooled' }

const asItIs: Compile = (f) => f

/** Compares logits in both modes, activations, loss and gradients of a domain. */
export const checkPass = (run: OfficialRun, domain: number, compile: Compile = asItIs): void =>
  scope(() => {
    const { fixture, settings } = run
    const { network, program, variables } = officialModel(run, domain, 'plain')
    const inputs = fixture.ours(`x${domain}`, 'images')
    close(compile((x: Tensor) => program.forward(variables, x, inference).logits)(inputs), run, `eval_logits${domain}`)

    const labels: Labels = integerTensor([...fixture.values(`y${domain}`)], [inputs.shape[0] ?? 0])
    const lossOf = classificationLoss(program)
    const pass = valueAndGradWithAuxiliary((params: TensorTree) => {
      const { loss, logits } = lossOf({ variables: { ...variables, params }, batch: { inputs, labels }, key: randomKey(3), progress: scalar(0) })
      return { value: loss, auxiliary: logits }
    })
    const { value, gradient, auxiliary } = compile(pass)(variables.params)
    close(auxiliary, run, `train_logits${domain}`)
    closeNumber(value, run, `loss${domain}`)
    const gradients = exportPytorch(network, { params: gradient, state: {} }, officialNames(settings, domain))
    expect(gradients.map(({ name }) => name).sort()).toEqual([...fixture.names(`grad${domain}/`)].sort())
    for (const entry of gradients) close(floatsOf(entry), run, `grad${domain}/${entry.name}`)

    if (fixture.names(`act${domain}/`).length === 0) return
    const { taps: found } = compile((x: Tensor) => program.forward(variables, x, trainingMode(randomKey(3))))(inputs)
    for (const [theirs, ours] of Object.entries(taps)) {
      const expected = fixture.ours(`act${domain}/${theirs}`, theirs === 'pool' ? undefined : 'images')
      const [relative, absolute] = run.tolerances[`act${domain}/${theirs}`] ?? [0, 0]
      expectClose(readSync(found[ours]!), theirs === 'pool' ? fixture.values(`act${domain}/pool`) : readSync(expected), { relative, absolute })
    }
  })

/** Compares loss, parameters and statistics after the steps of an optimiser on a domain. */
export const checkSteps = (run: OfficialRun, domain: number, decay: Decay, compile: Compile = asItIs): void =>
  scope(() => {
    const { fixture, settings } = run
    const model = officialModel(run, domain, decay)
    const { network, program } = model
    const inputs = fixture.ours(`x${domain}`, 'images')
    const labels: Labels = integerTensor([...fixture.values(`y${domain}`)], [inputs.shape[0] ?? 0])
    const optimiser: Optimiser = sgd({ momentum: settings.momentum, weightDecay: 1 })
    const lossOf = classificationLoss(program)
    let variables = model.variables
    let memory = optimiser.init(variables.params)
    const learningRate = scalar(settings.lr)
    const parameterGroup = (path: string): ReturnType<NonNullable<TransferProgram['parameterGroup']>> => program.parameterGroup?.(path) ?? {}
    const oneStep = compile(({ params, state, frozen, momentum }: ProgramVariables & { readonly momentum: TensorTree }) => {
      const { value, gradient, auxiliary } = valueAndGradWithAuxiliary((trained: TensorTree) => {
        const { loss, state: statistics } = lossOf({ variables: { params: trained, state, frozen }, batch: { inputs, labels }, key: randomKey(3), progress: scalar(0) })
        return { value: loss, auxiliary: statistics }
      })(params)
      return { value, state: auxiliary, updated: optimiser.update(gradient, momentum, params, { learningRate, parameterGroup }) }
    })
    for (let step = 0; step < settings.steps; step++) {
      const { value, state, updated } = oneStep({ ...variables, momentum: memory })
      closeNumber(value, run, `loss${domain}.${decay}.step${step}`)
      variables = { ...variables, params: updated.params, state }
      memory = updated.state
    }
    const names = officialNames(settings, domain)
    const after = new Map(exportPytorch(network, { params: variables.params, state: variables.state }, names).map((entry) => [entry.name, floatsOf(entry)]))
    const prefix = `after${domain}.${decay}/`
    const expected = fixture.names(prefix).filter((name) => !name.endsWith('num_batches_tracked'))
    expect(expected.length).toBeGreaterThan(20)
    for (const name of expected) close(after.get(name)!, run, `${prefix}${name}`)
    if (decay === 'official') close(program.forward(variables, inputs, inference).logits, run, `after${domain}.official.eval_logits`)
  })

/** All variables of a model as those of a plain network. */
export const together = ({ params, state, frozen }: ProgramVariables): Variables => {
  // What the strategies of this package freeze stands in two trees.
  const fixed = frozen as unknown as Variables
  return { params: mergeTrees(params, fixed.params), state: mergeTrees(state, fixed.state) }
}

import { flattenTree, foldIn, type Key, mapTree, type Optimiser, type ProgramVariables, randomKey, scope, type StepInputs, type StepOutputs, type Strategy, type Tensor, type TensorTree, TransferkitError, type TransferProgram } from '@transferkit/tensor'
import { sgd, type TargetModel, trainingStep, withParameterGroups } from '@transferkit/training'
import { batchReader, type BatchesAhead, checkDataset, checkInput, readAhead, transformedShape } from '@transferkit/training/loop'
import { type ParallelAdaptersOptions, parallelAdapters } from '../strategies/parallel-adapters.js'
import { type SeriesAdaptersOptions, seriesAdapters } from '../strategies/series-adapters.js'
import { jointOptimiser, jointProgram, sharedPaths } from './joint-program.js'
import type { DomainTask, TrainDomainsOptions } from './train-domains-options.js'

/** A domain that is ready for its turns. @internal */
export interface JointDomain {
  readonly name: string
  readonly task: DomainTask
  readonly key: Key
  readonly batchSize: number
  readonly transforms: NonNullable<DomainTask['transforms']>
  readonly inputShape: readonly number[]
  /** The strategy that trains. */
  readonly strategy: Strategy
  /** The program with its parameters in two parts. */
  readonly joint: TransferProgram
  readonly optimiser: Optimiser
  readonly step: (inputs: StepInputs) => StepOutputs
  /** Its batches, by round. */
  readonly batches: BatchesAhead
}

/**
 * An adapter strategy that trains what it is told; any other strategy as it is.
 *
 * @internal
 */
export const training = (strategy: Strategy, train: 'private' | 'everything'): Strategy => {
  // The options of a strategy are those that its definition checked.
  if (strategy.name === 'parallel-adapters') return parallelAdapters({ ...(strategy.options as ParallelAdaptersOptions), train })
  // As above.
  if (strategy.name === 'series-adapters') return seriesAdapters({ ...(strategy.options as SeriesAdaptersOptions), train })
  return strategy
}

const checkProgram = (name: string, strategy: Strategy, program: TransferProgram): void => {
  const reason = program.step !== undefined ? 'has a training step of its own' : program.phases !== undefined ? 'trains in phases' : strategy.usesSourceData === true ? 'learns from source-domain examples' : undefined
  if (reason === undefined) return
  throw new TransferkitError('domains/strategy', `Domain '${name}': the strategy '${strategy.name}' ${reason}, which domains cannot do in turns. Train it alone with 'transfer', and add the model to a set.`)
}

/** A domain that would train the filters for itself has no place on a common base. */
const checkPrivate = (name: string, strategy: Strategy, params: TensorTree, isShared: (path: string) => boolean): void => {
  const first = flattenTree<Tensor>(params).find(({ path }) => isShared(path))
  if (first === undefined) return
  throw new TransferkitError(
    'domains/trains-shared',
    `Domain '${name}': the strategy '${strategy.name}' trains '${first.path}', which belongs to the network itself, but with 'shared: frozen' domains train only what is private to them. Use adapters or 'bn-adapt', or 'shared: trained'.`,
  )
}

const byPath = (tree: TensorTree): ReadonlyMap<string, Tensor> => new Map(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, leaf]))

/** Starts a program from a model where there is one; what the model does not have starts as the program says. */
const startFrom =
  (program: TransferProgram, model: TargetModel | undefined) =>
  (key: Key): ProgramVariables => {
    const fresh = program.init(key)
    if (model === undefined) return fresh
    const known = { params: byPath(model.variables.params), state: byPath(model.variables.state) }
    return {
      params: mapTree(fresh.params, (leaf, path) => known.params.get(path) ?? leaf),
      state: mapTree(fresh.state, (leaf, path) => known.state.get(path) ?? leaf),
      frozen: fresh.frozen,
    }
  }

/**
 * Makes a domain ready for its turns.
 *
 * @throws TransferkitError `domains/strategy` or `domains/trains-shared` when its strategy cannot take turns, and what is wrong with its data.
 * @internal
 */
export const jointDomain = (options: TrainDomainsOptions, task: DomainTask): JointDomain => {
  const { source, shared = 'frozen' } = options
  const { name, dataset, model } = task
  const transforms = task.transforms ?? options.transforms ?? model?.transforms ?? []
  const batchSize = task.batchSize ?? options.batchSize ?? 32
  const strategy = training(task.strategy ?? model?.strategy ?? options.strategy, shared === 'trained' ? 'everything' : 'private')
  checkDataset(dataset)
  const inputShape = transformedShape(dataset.exampleShape, transforms)
  checkInput(source.network, inputShape, dataset)
  const program = strategy.prepare({ source, task: dataset.task, inputShape })
  checkProgram(name, strategy, program)
  const start = startFrom(program, model)
  const isShared = sharedPaths(source)
  if (shared === 'frozen') scope(() => checkPrivate(name, strategy, program.init(randomKey(0)).params, isShared))
  const joint = jointProgram(program, start, shared === 'trained' ? isShared : () => false)
  const optimiser = jointOptimiser(withParameterGroups(options.optimiser ?? sgd({ momentum: 0.9, weightDecay: 5e-4 }), (path) => program.parameterGroup?.(path) ?? {}))
  const key = foldIn(randomKey(options.seed ?? 1), name)
  const step = trainingStep(joint)
  return { name, task, key, batchSize, transforms, inputShape, strategy, joint, optimiser, step: options.compile?.(step, { precision: options.precision ?? 'float32' }) ?? step, batches: readAhead(batchReader(key, batchSize, dataset, transforms), options.rounds) }
}

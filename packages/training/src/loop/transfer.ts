import { type Dataset, type Shape, type Strategy, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { privateSizes, type PrivateSizes } from '../artefact/private-trees.js'
import { type TargetModel, targetModel } from '../artefact/target-model.js'
import { transformedShape } from './batches.js'
import type { TrainingEvent } from './events.js'
import { type Run, runOf } from './run.js'
import { train } from './train.js'
import type { Trained, TrainingSettings } from './training-settings.js'

/** What {@link transfer} is given: what to transfer from, what to, how, and how to train. */
export interface TransferOptions extends TrainingSettings {
  /** The trained source network; it is left as it is. */
  readonly source: TrainedNetwork
  /** Labelled examples of the target task. */
  readonly target: Dataset
  /** How to transfer, such as `fineTune()`. */
  readonly strategy: Strategy
  /** Start of all randomness, 1 unless told: the same seed gives the same model, bit for bit, on the same backend. */
  readonly seed?: number
  /** Anything else to keep with the model, as plain data, such as where the source came from. */
  readonly record?: Readonly<Record<string, unknown>>
}

/** A model for the target task, with what it cost. */
export interface TransferResult extends TargetModel, PrivateSizes, Omit<Trained, 'variables'> {}

/** Checks that examples have the shape that a network takes, but for their size. @internal */
export const checkInput = (network: TrainedNetwork['network'], found: Shape, target: Dataset): void => {
  if (found.length === network.inputShape.length && found.at(-1) === network.inputShape.at(-1)) return
  throw new TransferkitError(
    'transfer/input-shape',
    `Examples of '${target.name}' are [${target.exampleShape.join(', ')}], which the transforms make [${found.join(', ')}], but '${network.name}' takes [${network.inputShape.join(', ')}]. Add a transform that makes them fit.`,
  )
}

async function* transferring(options: TransferOptions): AsyncGenerator<TrainingEvent, TransferResult> {
  const { source, target, strategy, seed = 1, transforms = [], record = {}, ...settings } = options
  if (typeof strategy.prepare !== 'function') {
    throw new TransferkitError('transfer/strategy', "'strategy' is no strategy: it has no 'prepare'. Give what a strategy's function returns, such as 'fineTune()' with its brackets.")
  }
  if (strategy.usesSourceData === true && settings.sourceData === undefined) {
    throw new TransferkitError('transfer/no-source-data', `Strategy '${strategy.name}' learns from source-domain examples beside those of the target. Give 'sourceData'.`)
  }
  const inputShape = transformedShape(target.exampleShape, transforms)
  checkInput(source.network, inputShape, target)
  const { task } = target
  const program = strategy.prepare({ source, task, inputShape })
  const { variables, ...trained } = yield* train({
    ...settings,
    transforms,
    program,
    dataset: target,
    seed,
    shared: { params: source.variables.params, state: source.variables.state },
    identity: { strategy: strategy.name, options: strategy.options, source: source.network.name, target: target.name },
  })
  const looks = trained.history.flatMap(({ step, inspections }) => (inspections.length === 0 ? [] : [{ step, inspections }]))
  // What is inside of a model can be looked at again; what was beside it is gone.
  const kept = program.inspectExtra === undefined || looks.length === 0 ? {} : { inspections: looks }
  const model = targetModel({ ...kept, strategy, source, program, variables, task, inputShape, record, transforms: transforms.filter(({ deterministic }) => deterministic) })
  return { ...model, ...trained, ...privateSizes(model) }
}

/**
 * Transfers a trained network to a new task.
 *
 * The call can be awaited for the model, or iterated for its progress and then awaited. It starts when it is awaited or iterated.
 *
 * @param options Source, target, strategy, and how to train.
 * @throws TransferkitError `transfer/input-shape` when the examples do not fit the network; `transfer/strategy` when a strategy's function was given and not called;
 * `transfer/no-source-data`; whatever {@link train} throws.
 *
 * @example
 * ```ts
 * import type { Dataset, TrainedNetwork } from '@transferkit/tensor'
 * import { fineTune, transfer } from '@transferkit/training'
 *
 * const adapt = async (source: TrainedNetwork, target: Dataset) => {
 *   const run = transfer({ source, target, strategy: fineTune({ headLearningRate: 10 }), seed: 1, steps: 150 })
 *   for await (const event of run) if (event.type === 'epoch-end') event.trainingLoss
 *   return await run
 * }
 * ```
 */
export const transfer = (options: TransferOptions): Run<TrainingEvent, TransferResult> => runOf(() => transferring(options))

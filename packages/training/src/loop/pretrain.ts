import { type AnyTensor, type Dataset, leavesOf, type Network, release, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { networkProgram } from '../strategies/network-program.js'
import type { TrainingEvent } from './events.js'
import { type Run, runOf } from './run.js'
import { train } from './train.js'
import type { Trained, TrainingSettings } from './training-settings.js'

/** What {@link pretrain} is given. */
export interface PretrainOptions extends TrainingSettings {
  /** The architecture; it must tell apart as many classes as the data set has. */
  readonly network: Network
  /** Labelled examples. */
  readonly dataset: Dataset
  /** Start of all randomness, 1 unless told. */
  readonly seed?: number
}

/** A network that was trained from scratch, ready to be a source. */
export interface PretrainedNetwork extends TrainedNetwork, Omit<Trained, 'variables'> {
  /** Frees its tensors. */
  release(): void
}

async function* pretraining({ network, dataset, seed = 1, ...settings }: PretrainOptions): AsyncGenerator<TrainingEvent, PretrainedNetwork> {
  if (network.classes !== dataset.task.classes.length) {
    throw new TransferkitError('pretrain/classes', `'${network.name}' tells ${network.classes} classes apart, but '${dataset.name}' has ${dataset.task.classes.length}. Use withClasses(network, ${dataset.task.classes.length}).`)
  }
  const program = networkProgram({ network, startsFromSource: () => false, trains: () => true, staysInInference: () => false })
  const { variables, ...trained } = yield* train({ ...settings, program, dataset, seed, identity: { network: network.name, dataset: dataset.name } })
  return {
    ...trained,
    network,
    variables: { params: variables.params, state: variables.state },
    release: () => release(leavesOf<AnyTensor>({ ...variables })),
  }
}

/**
 * Trains a network from scratch, as a source for transfers.
 *
 * Like {@link transfer}, the call can be awaited, or iterated for its progress and then awaited.
 *
 * @param options Architecture, data, and how to train.
 * @throws TransferkitError `pretrain/classes` when the network has another number of classes than the data set; whatever {@link train} throws.
 *
 * @example
 * ```ts
 * import type { Dataset, Network } from '@transferkit/tensor'
 * import { pretrain } from '@transferkit/training'
 *
 * const learn = async (network: Network, dataset: Dataset) => await pretrain({ network, dataset, epochs: 5 })
 * ```
 */
export const pretrain = (options: PretrainOptions): Run<TrainingEvent, PretrainedNetwork> => runOf(() => pretraining(options))

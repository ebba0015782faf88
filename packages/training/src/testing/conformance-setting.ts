import type { Dataset, Network, Regulariser, Strategy, StrategyDefinition } from '@transferkit/tensor'
import type { Property } from '@transferkit/tensor/conformance'
import type { TrainingEvent } from '../loop/events.js'
import { pretrain, type PretrainedNetwork } from '../loop/pretrain.js'
import type { Run } from '../loop/run.js'
import { transfer, type TransferOptions, type TransferResult } from '../loop/transfer.js'
import { constant } from '../schedules/schedule.js'
import { compose } from '../strategies/compose.js'
import { fineTune } from '../strategies/fine-tune.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'

/** A strategy to test, and where it should be tested otherwise than on the built-in network and data. */
export interface ConformanceOptions {
  /** The strategy, or a regulariser, which is then tested on top of fine-tuning. */
  readonly strategy: StrategyDefinition
  /** Its options, its defaults unless told. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The architecture for a number of classes; a small network of two stages with batch norm unless told. It takes images of `[8, 8, 1]`. */
  readonly network?: (classes: number) => Network
  /** Learning rate, 0.05 unless told. */
  readonly learningRate?: number
  /** Number of steps for the loss to fall, 24 unless told. */
  readonly steps?: number
  /** Names of properties that do not apply, such as `gradients` for a strategy that reverses a gradient on purpose. */
  readonly except?: readonly string[]
}

/** What every property is tested on. @internal */
export interface ConformanceSetting {
  readonly definition: StrategyDefinition
  readonly strategy: Strategy
  readonly source: PretrainedNetwork
  readonly sourceData: Dataset
  readonly target: Dataset
  readonly test: Dataset
  readonly steps: number
  /** Trains on the target, for a few steps unless told. */
  run(changes?: Partial<TransferOptions>): Run<TrainingEvent, TransferResult>
}

/** One property that every strategy has. @internal */
export type StrategyProperty = Property<ConformanceSetting>

const batchSize = 8

/** The strategy with its options, whichever kind it is. */
const strategyOf = (definition: StrategyDefinition, options: Readonly<Record<string, unknown>>): Strategy => {
  // The definition checks the options itself.
  const made = (definition as unknown as (options: unknown) => Strategy | Regulariser)(options)
  // Its kind says what it makes.
  return definition.kind === 'regulariser' ? compose(fineTune(), made as Regulariser) : (made as Strategy)
}

/** Makes a small trained source and small data to test a strategy with. @internal */
export const conformanceSetting = async (options: ConformanceOptions): Promise<ConformanceSetting> => {
  const { network = tinyNetwork, learningRate = 0.05, steps = 24 } = options
  const sourceData = tinyDataset({ seed: 1, size: 24, classes: ['horizontal', 'vertical', 'falling'] })
  const target = tinyDataset({ seed: 2, size: 32 })
  const source = await pretrain({ network: network(3), dataset: sourceData, steps: 16, batchSize, schedule: constant(learningRate) })
  const strategy = strategyOf(options.strategy, options.options ?? {})
  return {
    definition: options.strategy,
    strategy,
    source,
    sourceData,
    target,
    test: tinyDataset({ seed: 3, size: 16 }),
    steps,
    run: (changes = {}) =>
      transfer({ source, target, strategy, seed: 5, steps: 6, batchSize, schedule: constant(learningRate), ...(strategy.usesSourceData === true ? { sourceData } : {}), ...changes }),
  }
}

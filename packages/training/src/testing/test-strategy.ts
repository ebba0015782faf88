import type { Regulariser, StrategyDefinition } from '@transferkit/tensor'
import { testProperties } from '@transferkit/tensor/conformance'
import { strategyProperties } from './conformance-checks.js'
import { type ConformanceOptions, conformanceSetting, type StrategyProperty } from './conformance-setting.js'
import { regulariserProperties } from './regulariser-checks.js'

/** A strategy with its options, as it stands in titles and messages. @internal */
export const subjectOf = ({ strategy, options = {} }: ConformanceOptions): string => `${strategy.kind === 'structure' ? 'strategy' : 'regulariser'} '${strategy.name}' ${JSON.stringify(options)}`

/** All that is tested of a strategy. @internal */
export const propertiesOf = ({ kind }: StrategyDefinition): readonly StrategyProperty[] => (kind === 'structure' ? strategyProperties : [...strategyProperties, ...regulariserProperties])

/**
 * Tests that a strategy keeps the contract: seeded determinism, no leak, frozen tensors unchanged, right gradients, statistics kept, save and load, resume,
 * folding, learning, and options that are rejected by name. Call it at the top of a Vitest file, with a backend of TensorFlow.js open.
 *
 * It takes some seconds on the plain JavaScript backend. Nothing of the strategy needs to be told but itself. A failure names the property, where it is broken, what
 * was expected, what was found and what to do. A regulariser is tested as {@link testRegulariser} tests it.
 *
 * @param options The strategy, and where it should be tested otherwise than with its defaults.
 *
 * @example
 * ```ts
 * import { fineTune } from '@transferkit/training'
 * import { testStrategy } from '@transferkit/training/testing'
 *
 * const tests = () => testStrategy({ strategy: fineTune, options: { headLearningRate: 10 } })
 * ```
 */
export const testStrategy = (options: ConformanceOptions): void => {
  testProperties({
    subject: subjectOf(options),
    properties: propertiesOf(options.strategy),
    except: options.except ?? [],
    open: () => conformanceSetting(options),
    close: ({ source }) => source.release(),
  })
}

/** A regulariser to test, and where it should be tested otherwise than on the built-in network and data. */
export interface RegulariserConformance extends Omit<ConformanceOptions, 'strategy'> {
  /** The regulariser. */
  readonly regulariser: StrategyDefinition<never, Regulariser>
}

/**
 * Tests that a regulariser keeps the contract: all that {@link testStrategy} tests, on top of fine-tuning, and that the gradient of its term alone is right, that the term
 * changes what is learned, and that it can be put on another structure.
 *
 * @param options The regulariser, and where it should be tested otherwise than with its defaults.
 *
 * @example
 * ```ts
 * import { l2SpPenalty } from '@transferkit/training'
 * import { testRegulariser } from '@transferkit/training/testing'
 *
 * const tests = () => testRegulariser({ regulariser: l2SpPenalty, options: { alpha: 0.1 } })
 * ```
 */
export const testRegulariser = ({ regulariser, ...options }: RegulariserConformance): void => testStrategy({ ...options, strategy: regulariser })

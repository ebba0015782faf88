/** Treat whole layers as random, frozen or fine-tuned. */
const discreteStrategies: ReadonlySet<string> = new Set(['scratch', 'feature-extraction', 'fine-tune', 'partial', 'discrete-states'])

const unitStrategies: ReadonlySet<string> = new Set(['ptu', 'recurrent-ptu'])

/** Identifiers of the rows of models that take nothing from a source. */
const baselines: ReadonlySet<string> = new Set(['tf-idf'])

/**
 * Whether a strategy treats whole layers as random, frozen or fine-tuned.
 *
 * @param strategy Its identifier.
 * @internal
 */
export const isDiscrete = (strategy: string): boolean => discreteStrategies.has(strategy)

/**
 * Whether a strategy mixes frozen and trained activations by learned gates; regularisers may stand behind it.
 *
 * @param strategy Its identifier.
 * @internal
 */
export const isTransferUnit = (strategy: string): boolean => unitStrategies.has(strategy.split('+')[0] ?? '')

/**
 * Whether a row is no transfer at all but what a simple model makes of the target data alone: it is shown for comparison and never called the best strategy.
 *
 * @param strategy Identifier of the row.
 * @internal
 */
export const isBaseline = (strategy: string): boolean => baselines.has(strategy)

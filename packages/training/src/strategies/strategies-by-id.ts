import { nearestSpelling, type StrategyDefinition, TransferkitError } from '@transferkit/tensor'
import type { batchNormAdaptation } from './batch-norm-adaptation.js'
import type { featureExtraction } from './feature-extraction.js'
import type { fineTune } from './fine-tune.js'
import type { l2Sp, l2SpPenalty } from './l2-sp.js'
import type { partial } from './partial.js'
import type { scratch } from './scratch.js'

/**
 * The strategies and regularisers that the compiler knows, by id. A package adds its own where it defines them:
 *
 * ```text
 * declare module '@transferkit/training' {
 *   interface StrategiesById {
 *     'my-strategy': typeof myStrategy
 *   }
 * }
 * ```
 */
export interface StrategiesById {
  /** Training from random weights. */
  readonly scratch: typeof scratch
  /** A new head on frozen features. */
  readonly 'feature-extraction': typeof featureExtraction
  /** Fine-tuning of all weights. */
  readonly 'fine-tune': typeof fineTune
  /** Each stage frozen, fine-tuned or random. */
  readonly partial: typeof partial
  /** Batch-norm adaptation. */
  readonly 'bn-adapt': typeof batchNormAdaptation
  /** Fine-tuning that is pulled towards the source. */
  readonly 'l2-sp': typeof l2Sp
  /** The pull towards the source, for any structure. */
  readonly 'l2-sp-penalty': typeof l2SpPenalty
}

/** The id of a strategy or regulariser that the compiler knows. */
export type StrategyId = keyof StrategiesById

/**
 * Finds a strategy or regulariser by its id; the compiler then knows its options.
 *
 * @param id The id, as in recipes.
 * @param strategies Where it is looked for: lists such as {@link baselineStrategies}, and those of other packages.
 * @throws TransferkitError `strategy/unknown` when the lists do not have it, with the nearest spelling.
 *
 * @example
 * ```ts
 * import { baselineStrategies, strategyById } from '@transferkit/training'
 *
 * const strategy = strategyById('l2-sp', baselineStrategies)({ alpha: 0.1 })
 * ```
 */
export const strategyById = <Id extends StrategyId>(id: Id, strategies: readonly StrategyDefinition[]): StrategiesById[Id] => {
  const found = strategies.find(({ name }) => name === id)
  // Whoever declares an id declares the definition that has it as its name.
  if (found !== undefined) return found as unknown as StrategiesById[Id]
  const names = strategies.map(({ name }) => name)
  const nearest = nearestSpelling(id, names)
  throw new TransferkitError('strategy/unknown', `There is no strategy '${id}' in the list.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} The list has: ${names.join(', ') || 'nothing'}. Add the list of the package that brings it.`)
}

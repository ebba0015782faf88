import { modulesInside, type Network, type Strategy, type StrategyDefinition, TransferkitError, withClasses } from '@transferkit/tensor'
import { z } from 'zod'
import { defineStrategy } from './define-strategy.js'
import { headGroups, headLearningRate, isHead } from './head.js'
import { networkProgram } from './network-program.js'

const batchNormsOf = (network: Network): readonly string[] => {
  const paths = modulesInside(network).flatMap(([path, { description }]) => (description.kind === 'batch-norm' ? [`${path}.`] : []))
  if (paths.length > 0) return paths
  throw new TransferkitError('strategy/no-batch-norm', `'bn-adapt' adapts batch normalisation, but the network '${network.name}' has none. Use 'feature-extraction' or 'fine-tune'.`)
}

/** Options of {@link batchNormAdaptation}. */
export interface BatchNormAdaptationOptions {
  /** Factor on the learning rate of the new head; 1 unless told, our choice, so that one rate holds for all; 10 is customary. */
  readonly headLearningRate?: number
}

/**
 * Batch-norm adaptation: scale and offset of every batch norm are trained, its statistics are taken from the target, and a new head is trained; all other
 * weights are the source's and stay as they are.
 *
 * @throws TransferkitError `strategy/no-batch-norm`, from preparing it, when the source has no batch norm.
 *
 * @example
 * ```ts
 * import { batchNormAdaptation } from '@transferkit/training'
 *
 * const strategy = batchNormAdaptation()
 * ```
 */
export const batchNormAdaptation: StrategyDefinition<BatchNormAdaptationOptions, Strategy> = defineStrategy({
  name: 'bn-adapt',
  summary: 'Trains scale and offset of every batch norm and a new head; re-estimates the statistics; freezes all else.',
  reference: {
    citation: 'Bilen and Vedaldi, Universal representations: The missing link between faces, text, planktons, and cat breeds, 2017.',
    url: 'https://arxiv.org/abs/1701.07275',
  },
  options: z.strictObject({ headLearningRate }),
  prepare: ({ source, task }, options) => {
    const batchNorms = batchNormsOf(source.network)
    return networkProgram({
      network: withClasses(source.network, task.classes.length),
      source,
      startsFromSource: (path) => !isHead(path),
      trains: (path) => isHead(path) || batchNorms.some((prefix) => path.startsWith(prefix)),
      staysInInference: () => false,
      parameterGroup: headGroups(options.headLearningRate),
    })
  },
})

import { type Strategy, type StrategyDefinition, withClasses } from '@transferkit/tensor'
import { z } from 'zod'
import { defineStrategy } from './define-strategy.js'
import { headGroups, headLearningRate, isHead } from './head.js'
import { networkProgram } from './network-program.js'

/** Options of {@link fineTune}. */
export interface FineTuneOptions {
  /** Factor on the learning rate of the new head; 1 unless told, our choice, so that one rate holds for all; 10 is customary. */
  readonly headLearningRate?: number
}

/**
 * Fine-tuning: all weights start from the source, under a new head, and all are trained.
 *
 * The objective is `CE(y, head(body(x)))` with `body` at the source's weights in the beginning. Option `headLearningRate` is a factor on the learning rate of
 * the new head.
 *
 * @example
 * ```ts
 * import { fineTune } from '@transferkit/training'
 *
 * const strategy = fineTune({ headLearningRate: 10 })
 * ```
 */
export const fineTune: StrategyDefinition<FineTuneOptions, Strategy> = defineStrategy({
  name: 'fine-tune',
  summary: 'Starts from the source and trains all weights under a new head.',
  reference: {
    citation: 'Girshick et al., Rich feature hierarchies for accurate object detection and semantic segmentation, CVPR 2014.',
    url: 'https://arxiv.org/abs/1311.2524',
  },
  options: z.strictObject({ headLearningRate }),
  prepare: ({ source, task }, options) =>
    networkProgram({
      network: withClasses(source.network, task.classes.length),
      source,
      startsFromSource: (path) => !isHead(path),
      trains: () => true,
      staysInInference: () => false,
      parameterGroup: headGroups(options.headLearningRate),
    }),
})

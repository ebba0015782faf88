import type { StrategyDefinition } from '@transferkit/tensor'
import { batchNormAdaptation } from './batch-norm-adaptation.js'
import { featureExtraction } from './feature-extraction.js'
import { fineTune } from './fine-tune.js'
import { l2Sp, l2SpPenalty } from './l2-sp.js'
import { partial } from './partial.js'
import { scratch } from './scratch.js'

/** All strategies and regularisers of this package, for recipes and lists. */
export const baselineStrategies: readonly StrategyDefinition[] = [scratch, featureExtraction, fineTune, partial, batchNormAdaptation, l2Sp, l2SpPenalty]

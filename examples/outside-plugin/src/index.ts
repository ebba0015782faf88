export { batchSpectralShrinkage, type BatchSpectralShrinkageOptions, batchSpectralShrinkagePenalty, type BatchSpectralShrinkagePenaltyOptions } from './batch-spectral-shrinkage.js'
export { smallestSquaredSingularValues } from './smallest-squared-singular-values.js'

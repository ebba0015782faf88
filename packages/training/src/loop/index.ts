/**
 * Parts of the training loop, for other loops of this workspace. They may change with any version: use `train` and `transfer` instead.
 *
 * @module
 */
export { batchOnBackend, batchReader, type BatchesAhead, checkDataset, readAhead, stepsPerEpoch, transformedShape } from './batches.js'
export { type Identity, type Progress, readCheckpoint, writeCheckpoint } from './checkpoint.js'
export { fresh } from './epoch-summary.js'
export { idsOf, releaseAllBut, startOf } from './start.js'
export { notFinite, readMetrics } from './step-metrics.js'
export { checkInput } from './transfer.js'
export { turnTaker } from './turn-taker.js'

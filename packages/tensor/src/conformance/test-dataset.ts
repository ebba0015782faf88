import type { Dataset } from '../contracts/dataset.js'
import { datasetProperties } from './dataset-properties.js'
import { testProperties } from './test-properties.js'

/** A data set to test. */
export interface DatasetConformance {
  /** Name for titles and messages. */
  readonly name: string
  /** Opens or makes the data set. */
  readonly open: () => Promise<Dataset> | Dataset
  /** Names of properties that do not apply. */
  readonly except?: readonly string[]
}

/**
 * Tests that a data set keeps the contract: a description that agrees with itself, reading in the order asked for, finite values, no change by reading, positions
 * refused by name, and an own order that is a permutation. Call it at the top of a Vitest file.
 *
 * A handful of examples is read, so that a large set is tested as fast as a small one.
 *
 * @param options Name, and how to open the data set.
 *
 * @example
 * ```ts
 * import type { Dataset } from '@transferkit/tensor'
 * import { testDataset } from '@transferkit/tensor/conformance'
 *
 * const tests = (open: () => Promise<Dataset>) => testDataset({ name: 'mine', open })
 * ```
 */
export const testDataset = ({ name, ...options }: DatasetConformance): void => testProperties({ subject: `data set '${name}'`, properties: datasetProperties, ...options })

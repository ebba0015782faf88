import { z } from 'zod'
import type { GroupOf } from '../optimisers/parameter-groups.js'

/**
 * Whether a variable belongs to the classifier.
 *
 * @param path Its dotted path.
 *
 * @example
 * ```ts
 * import { isHead } from '@transferkit/training'
 *
 * isHead('head.weight') // true
 * ```
 */
export const isHead = (path: string): boolean => path.startsWith('head.')

/** The option that all strategies with a new head beside old weights share. @internal */
export const headLearningRate = z.number().positive().default(1).describe('Factor on the learning rate of the new head; 10 is customary.')

/** Parameter groups in which the head learns faster. @internal */
export const headGroups =
  (factor: number): GroupOf =>
  (path) =>
    isHead(path) ? { learningRate: factor } : {}

import type { Strategy, StrategyDefinition } from '@transferkit/tensor'
import { defineStrategy } from '@transferkit/training'
import { z } from 'zod'
import { type AdapterOptions, adapterOptions } from './adapter-options.js'
import { adapterProgram } from './adapter-program.js'

/** Options of {@link parallelAdapters}. */
export interface ParallelAdaptersOptions extends AdapterOptions {
  /** Probability that a whole channel of an example is dropped from the input of an adapter from 0 to below 1; 0 unless told, as the official code without its option, which has 0.5. */
  readonly dropout?: number
  /** Channels between the two parts of each adapter, the first of which all domains share; adapters in one part unless told. */
  readonly rank?: number
}

/**
 * Parallel residual adapters: beside each 3×3 filter bank `w` of the source, which stays as it is, a 1×1 filter bank `α` of the target's own, on the same pixels
 * as the middle of `w`:
 *
 * ```text
 * y = norm(w * x + α * x)
 * ```
 *
 * Private and trained are the adapters, every batch norm (started from the source's) and the head; in ResNet-26 that is a ninth of the network. The sum is one
 * convolution, so an adapter costs no time in the forward pass, and the trained network folds into one without adapters exactly. They suit a network that was
 * trained without them. The official recipe: SGD with momentum 0.9, a learning rate of 0.1 that falls by 0.1 at two thirds and five sixths of 120 epochs, batches
 * of 128, decay 1e-4 with `weightDecay: { rest: 5 }`.
 *
 * @throws TransferkitError, from preparing it, `adapters/unknown-stage` with the nearest name, `adapters/no-block-positions`, `adapters/no-convolution` when none was chosen,
 * `adapters/even-filter` for windows without a middle.
 *
 * @example
 * ```ts
 * import { parallelAdapters } from '@transferkit/vision'
 *
 * const strategy = parallelAdapters({ initialisation: 'zero', weightDecay: { rest: 5 } })
 * ```
 */
export const parallelAdapters: StrategyDefinition<ParallelAdaptersOptions, Strategy> = defineStrategy({
  name: 'parallel-adapters',
  summary: 'Trains small filters beside the frozen ones of the source, batch norm and a new head.',
  reference: { citation: 'Rebuffi, Bilen and Vedaldi, Efficient parametrization of multi-domain deep neural networks, CVPR 2018.', url: 'https://arxiv.org/abs/1803.10082' },
  options: z.strictObject({
    ...adapterOptions,
    dropout: z.number().min(0).lt(1).default(0).describe('Probability that a channel of the input of an adapter is dropped in training.'),
    rank: z.int().positive().optional().describe('Channels between the two parts of each adapter; one part unless told.'),
  }),
  prepare: (context, { dropout, rank, ...options }) => adapterProgram(context, options, { kind: 'parallel', dropout, rank }),
})

import type { Strategy, StrategyDefinition } from '@transferkit/tensor'
import { defineStrategy } from '@transferkit/training'
import { z } from 'zod'
import { type AdapterOptions, adapterOptions } from './adapter-options.js'
import { adapterProgram } from './adapter-program.js'

/** Options of {@link seriesAdapters}. */
export type SeriesAdaptersOptions = AdapterOptions

/**
 * Series residual adapters: behind each 3×3 filter bank `w` of the source, which stays as it is, a 1×1 filter bank `α` of the target's own with a batch norm
 * inside:
 *
 * ```text
 * y = w * x
 * z = norm(y + α * norm'(y))
 * ```
 *
 * Private and trained are the adapters with `norm'`, every other batch norm (started from the source's) and the head. Series adapters should be there when the
 * source is trained (`train: 'everything'`); on a network that was trained without them they do worse than fine-tuning. The trained network folds into one without
 * adapters, whose convolutions have a bias.
 *
 * @throws TransferkitError, from preparing it, `adapters/unknown-stage` with the nearest name, `adapters/no-block-positions`, `adapters/no-convolution` when none was chosen.
 *
 * @example
 * ```ts
 * import { seriesAdapters } from '@transferkit/vision'
 *
 * const strategy = seriesAdapters({ stages: ['stage2', 'stage3'] })
 * ```
 */
export const seriesAdapters: StrategyDefinition<SeriesAdaptersOptions, Strategy> = defineStrategy({
  name: 'series-adapters',
  summary: 'Trains small filters behind the frozen ones of the source, batch norm and a new head.',
  reference: { citation: 'Rebuffi, Bilen and Vedaldi, Learning multiple visual domains with residual adapters, NeurIPS 2017.', url: 'https://arxiv.org/abs/1705.08045' },
  options: z.strictObject(adapterOptions),
  prepare: (context, options) => adapterProgram(context, options, { kind: 'series' }),
})

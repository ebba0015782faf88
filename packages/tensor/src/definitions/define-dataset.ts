import type { DatasetDefinition, DatasetRequest, ExampleSet } from '../contracts/definition.js'
import type { OptionsSchema } from '../contracts/strategy.js'
import { TransferkitError } from '../error.js'
import { nearestSpelling } from '../nearest-spelling.js'
import { checkOptions } from './check-options.js'
import { definitionOf } from './definition-of.js'

/** What makes a data set that recipes can name. */
export interface DatasetDescription<Given, Full, Opened extends ExampleSet> {
  /** Identifier in recipes and reports, in lower case with hyphens, such as `rings`. */
  readonly name: string
  /** One line on what it is. */
  readonly summary: string
  /** Check and defaults of the options; a strict schema, so that misspelt options are found. */
  readonly options: OptionsSchema<Given, Full>
  /** Names of its splits, such as `train` and `test`; one whole unless told. */
  readonly splits?: readonly string[]
  /**
   * Opens it.
   *
   * @param options The options, checked and with their defaults.
   * @param request Which split, and where the user's data are; a split is always asked for where there are some.
   */
  open(options: Full, request: DatasetRequest): Opened | Promise<Opened>
}

const checkSplit = (name: string, splits: readonly string[], split: string | undefined): void => {
  if (split === undefined ? splits.length === 0 : splits.includes(split)) return
  const all = splits.map((one) => `${name}/${one}`).join(', ')
  const nearest = split === undefined ? undefined : nearestSpelling(split, splits)
  throw new TransferkitError(
    'dataset/no-split',
    split === undefined
      ? `${name}: has several splits; write one of ${all}.`
      : `${name}: has no split '${split}'. ${nearest === undefined ? '' : `Did you mean '${name}/${nearest}'? `}${splits.length === 0 ? `It is one whole; write ${name}.` : `Its splits are: ${splits.join(', ')}.`}`,
  )
}

/**
 * Defines a data set. The result is called with options and opens it; recipes name it by its `name`, and its splits as in `rings/test`.
 *
 * @param description Name, options, splits and how it is opened: as a {@link Dataset}, or as a `TextDataset` of `@transferkit/datasets`.
 * @returns The definition. Calling it throws a TransferkitError `dataset/options` for options that its schema does not accept, and `dataset/no-split`.
 *
 * @example
 * ```ts no-run
 * import { type Dataset, defineDataset, type OptionsSchema } from '@transferkit/tensor'
 *
 * declare const options: OptionsSchema<{ readonly size?: number }, { readonly size: number }> // z.strictObject({ size: z.int().positive().default(4) })
 * declare const stripesOf: (size: number) => Dataset
 *
 * const stripes = defineDataset({
 *   name: 'stripes',
 *   summary: 'Images of one column, dark or bright.',
 *   options,
 *   open: ({ size }) => stripesOf(size),
 * })
 * const examples = await stripes({ size: 10 })
 * ```
 */
export const defineDataset = <Given, Full, Opened extends ExampleSet>({ name, summary, options: schema, splits = [], ...described }: DatasetDescription<Given, Full, Opened>): DatasetDefinition<Given, Opened> =>
  definitionOf(
    async (given?: Given, request: DatasetRequest = {}) => {
      const options = checkOptions({ kind: 'dataset', name }, schema, given ?? {})
      checkSplit(name, splits, request.split)
      return described.open(options, request)
    },
    { specVersion: 1, kind: 'dataset', name, summary, optionsSchema: schema, splits } as const,
  )

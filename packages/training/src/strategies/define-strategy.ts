import { checkOptions, definitionOf, type OptionsSchema, type Reference, type Regulariser, type RegulariserProgram, type Strategy, type StrategyDefinition, type TransferContext, type TransferProgram } from '@transferkit/tensor'

/** What the description of a strategy and that of a regulariser have in common. */
export interface MethodDescription<Given, Full> {
  /** Identifier in recipes and reports, in lower case with hyphens, such as `fine-tune`. */
  readonly name: string
  /** One line on what it does. */
  readonly summary: string
  /** The paper. */
  readonly reference: Reference
  /** Check and defaults of the options; a strict schema, so that misspelt options are found. */
  readonly options: OptionsSchema<Given, Full>
  /** Whether batches must carry source-domain examples; false unless told. */
  readonly usesSourceData?: boolean
}

/** What makes a strategy. */
export interface StrategyDescription<Given, Full> extends MethodDescription<Given, Full> {
  /**
   * Builds the target model.
   *
   * @param context The trained source, the target's task and the shape of its examples.
   * @param options The options, checked and with their defaults.
   */
  prepare(context: TransferContext, options: Full): TransferProgram
}

/** What makes a regulariser. */
export interface RegulariserDescription<Given, Full> extends MethodDescription<Given, Full> {
  /**
   * Builds the term that is added to the loss.
   *
   * @param context The trained source, the target's task and the shape of its examples.
   * @param structure The prepared structure that it will be added to.
   * @param options The options, checked and with their defaults.
   */
  prepare(context: TransferContext, structure: TransferProgram, options: Full): RegulariserProgram
}

const define = <Given, Full, Made extends Strategy | Regulariser>(
  kind: StrategyDefinition['kind'],
  { name, summary, reference, options: schema }: MethodDescription<Given, Full>,
  make: (options: Full) => Made,
): StrategyDefinition<Given, Made> =>
  definitionOf((given?: Given) => make(checkOptions({ kind: 'strategy', name }, schema, given ?? {})), { specVersion: 1, kind, name, summary, reference, optionsSchema: schema } as const)

/** Options as plain data, for the record of a run. */
const recorded = (options: unknown): Readonly<Record<string, unknown>> =>
  // The options of a strategy are an object with named fields.
  ({ ...(options as Readonly<Record<string, unknown>>) })

/**
 * Defines a strategy that builds the target model. The result is called with options and gives the strategy; recipes name it by its `name`.
 *
 * @param description Name, options and how the model is built.
 * @returns The definition. Calling it with options that its schema does not accept throws a TransferkitError `strategy/options` that names the option.
 *
 * @example
 * ```ts
 * import { defineStrategy, fineTune } from '@transferkit/training'
 * import { z } from 'zod'
 *
 * const gentle = defineStrategy({
 *   name: 'gentle',
 *   summary: 'Fine-tuning whose head learns much faster.',
 *   reference: { citation: 'An example.' },
 *   options: z.strictObject({ factor: z.number().positive().default(100) }),
 *   prepare: (context, { factor }) => fineTune({ headLearningRate: factor }).prepare(context),
 * })
 * const strategy = gentle({ factor: 30 })
 * ```
 */
export const defineStrategy = <Given, Full>(description: StrategyDescription<Given, Full>): StrategyDefinition<Given, Strategy> =>
  define('structure', description, (options) => ({
    specVersion: 1,
    name: description.name,
    options: recorded(options),
    ...(description.usesSourceData === undefined ? {} : { usesSourceData: description.usesSourceData }),
    prepare: (context) => description.prepare(context, options),
  }))

/**
 * Defines a regulariser: a term that is added to the loss of any structure by {@link compose}.
 *
 * @param description Name, options and how the term is computed.
 * @returns The definition. Calling it with options that its schema does not accept throws a TransferkitError `strategy/options` that names the option.
 *
 * @example
 * ```ts
 * import { mean, multiply, square, type Tensor } from '@transferkit/tensor'
 * import { defineRegulariser } from '@transferkit/training'
 * import { z } from 'zod'
 *
 * const smallLogits = defineRegulariser({
 *   name: 'small-logits',
 *   summary: 'Keeps the scores small.',
 *   reference: { citation: 'An example.' },
 *   options: z.strictObject({ weight: z.number().default(0.01) }),
 *   prepare: (_context, _structure, { weight }) => ({ penalty: ({ forward }) => multiply(mean(square(forward.logits) as Tensor), weight) }),
 * })
 * ```
 */
export const defineRegulariser = <Given, Full>(description: RegulariserDescription<Given, Full>): StrategyDefinition<Given, Regulariser> =>
  define('regulariser', description, (options) => ({
    specVersion: 1,
    name: description.name,
    options: recorded(options),
    ...(description.usesSourceData === undefined ? {} : { usesSourceData: description.usesSourceData }),
    prepare: (context, structure) => description.prepare(context, structure, options),
  }))

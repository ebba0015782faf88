import { z } from 'zod'
import { optionsSchema } from './options-schema.js'
import { trainingOverrides } from './training-schema.js'

const regulariser = z.preprocess(
  (value) => (typeof value === 'string' ? { regulariser: value } : value),
  z.strictObject({ regulariser: z.string().min(1), options: optionsSchema.default({}) }),
)

/** The check of a name that is shown in tables and becomes that of a folder. @internal */
export const nameSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} .,+=()-]*$/u, { error: 'a name begins with a letter or digit, and has letters, digits, spaces and .,+=()- only' })
  .max(60)

/** The check of a strategy of a recipe. @internal */
export const strategySchema = z.preprocess(
  (value) => (typeof value === 'string' ? { strategy: value } : value),
  z.strictObject({
    strategy: z.string().min(1),
    name: nameSchema.optional(),
    options: optionsSchema.default({}),
    regularisers: z.array(regulariser).default([]),
    ...trainingOverrides.shape,
  }),
)

/** The check of options by the name of the strategy that they are for. @internal */
export const optionsByStrategy = z.record(z.string(), optionsSchema)

/** A strategy of a recipe with its options, its regularisers, and the training settings that differ from those of the recipe. */
export type StrategyEntry = z.infer<typeof strategySchema>

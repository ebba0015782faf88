import { z } from 'zod'

const count = z.int().min(1)
const seed = z.int().min(0)
const size = z.preprocess((value) => (typeof value === 'number' ? [value, value] : value), z.tuple([count, count]))

/** The check of a transform. @internal */
export const transformSchema = z.preprocess(
  // A transform without settings may be written as its bare name.
  (value) => (typeof value === 'string' ? { [value]: true } : value),
  z
    .strictObject({
      resize: size.optional(),
      padTo: size.optional(),
      centreCrop: size.optional(),
      padCrop: z.int().min(0).optional(),
      horizontalFlip: z.literal(true).optional(),
      greyToRgb: z.literal(true).optional(),
      rgbToGrey: z.literal(true).optional(),
    })
    .refine((value) => Object.keys(value).length === 1, { error: 'each entry is one transform; begin another with a dash' }),
)

/** The check of the settings for image files. @internal */
export const imagesSchema = z.strictObject({ channels: z.enum(['grey', 'rgb']).optional(), size: size.optional(), fit: z.enum(['fill', 'cover']).default('fill') })

/** The check of a normalisation. @internal */
export const normalisationSchema = z.strictObject({ mean: z.array(z.number()).min(1), standardDeviation: z.array(z.number().gt(0)).min(1) })

const trainingFields = {
  steps: count.optional(),
  epochs: count.optional(),
  batchSize: count.default(32),
  optimiser: z.enum(['sgd', 'adam', 'adamW']).default('sgd'),
  learningRate: z.number().gt(0).default(0.05),
  momentum: z.number().min(0).lt(1).default(0.9),
  weightDecay: z.number().min(0).default(5e-4),
  schedule: z.enum(['cosine', 'constant']).default('cosine'),
  warmUpSteps: z.int().min(0).default(0),
}

interface Budget {
  readonly steps?: number | undefined
  readonly epochs?: number | undefined
}

const hasOneBudget = ({ steps, epochs }: Budget): boolean => (steps === undefined) !== (epochs === undefined)
const budgetProblem = { error: 'say how long to train with either steps or epochs' }

const training = z.strictObject(trainingFields).refine(hasOneBudget, budgetProblem)

const pretrain = z
  .strictObject({
    ...trainingFields,
    dataset: z.string().min(1),
    test: z.string().min(1).optional(),
    images: imagesSchema.optional(),
    transforms: z.array(transformSchema).default([]),
    augment: z.array(transformSchema).default([]),
    seed: seed.default(1),
  })
  .refine(hasOneBudget, budgetProblem)

const source = z
  .strictObject({
    network: z.string().min(1),
    pretrain: pretrain.optional(),
    weights: z.string().min(1).optional(),
    classes: count.optional(),
    dataset: z.string().min(1).optional(),
    normalise: normalisationSchema.optional(),
  })
  .refine((value) => (value.pretrain === undefined) !== (value.weights === undefined), {
    error: 'a source network is either trained first (pretrain) or read from a file (weights): give one of the two',
  })

const target = z.strictObject({
  dataset: z.string().min(1),
  examplesPerClass: count.optional(),
  test: z.string().min(1).default('rest'),
  images: imagesSchema.optional(),
  transforms: z.array(transformSchema).default([]),
  augment: z.array(transformSchema).default([]),
})

const regulariser = z.preprocess(
  (value) => (typeof value === 'string' ? { regulariser: value } : value),
  z.strictObject({ regulariser: z.string().min(1), options: z.record(z.string(), z.unknown()).default({}) }),
)

const strategy = z.preprocess(
  (value) => (typeof value === 'string' ? { strategy: value } : value),
  z.strictObject({
    strategy: z.string().min(1),
    name: z
      .string()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N} .,+=()-]*$/u, { error: 'a name begins with a letter or digit, and has letters, digits, spaces and .,+=()- only' })
      .max(60)
      .optional(),
    options: z.record(z.string(), z.unknown()).default({}),
    regularisers: z.array(regulariser).default([]),
    steps: count.optional(),
    epochs: count.optional(),
    batchSize: count.optional(),
    optimiser: z.enum(['sgd', 'adam', 'adamW']).optional(),
    learningRate: z.number().gt(0).optional(),
    momentum: z.number().min(0).lt(1).optional(),
    weightDecay: z.number().min(0).optional(),
    schedule: z.enum(['cosine', 'constant']).optional(),
    warmUpSteps: z.int().min(0).optional(),
  }),
)

const recipeSchema = z.strictObject({
  name: z.string().min(1).max(80).optional(),
  backend: z.enum(['auto', 'native', 'wasm', 'cpu']).optional(),
  plugins: z.array(z.string().min(1)).default([]),
  source,
  target,
  training,
  strategies: z.array(strategy).min(1),
  seeds: z.array(seed).min(1).default([1, 2, 3]),
})

/**
 * What to compare: a source network, a target data set, strategies, a training budget and seeds; defaults are filled in.
 *
 * It is written in YAML; `transferkit compare --help` shows one.
 */
export type Recipe = z.infer<typeof recipeSchema>

/** Checks a recipe and fills in its defaults. @internal */
export const checkRecipe = (value: unknown): z.ZodSafeParseResult<Recipe> => recipeSchema.safeParse(value)

/** The recipe's JSON Schema: which fields there are, and where. @internal */
export const recipeJsonSchema = (): object => z.toJSONSchema(recipeSchema, { io: 'output', unrepresentable: 'any' })

/** How to train: budget, batch size, optimiser and learning rate. */
export type TrainingSettings = z.infer<typeof training>

/** How the source network is trained where it is not read from a file. */
export type PretrainSettings = z.infer<typeof pretrain>

/** A strategy of a recipe with its options, its regularisers, and the training settings that differ from those of the recipe. */
export type StrategyEntry = z.infer<typeof strategy>

/** One step of the preparation of images, such as `{ resize: [20, 20] }`. */
export type TransformEntry = z.infer<typeof transformSchema>

/** How image files are read, where the examples are image files: channels, and one size for all. */
export type ImageSettings = z.infer<typeof imagesSchema>

/** Mean and standard deviation of each channel, of values from 0 to 1. */
export type Normalisation = z.infer<typeof normalisationSchema>

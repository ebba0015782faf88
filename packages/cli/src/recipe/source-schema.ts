import { z } from 'zod'
import { count } from './count.js'
import { imagesSchema, normalisationSchema, transformSchema } from './image-schemas.js'
import { testSchema } from './target-schema.js'
import { optionsSchema } from './options-schema.js'
import { textFileSchema, textSchema } from './text-schemas.js'
import { budgetProblem, hasOneBudget, trainingFields } from './training-schema.js'

const pretrain = z
  .strictObject({
    ...trainingFields,
    task: z.enum(['classification', 'language-model']).optional(),
    dataset: z.string().min(1),
    datasetOptions: optionsSchema.optional(),
    test: testSchema.optional(),
    texts: textFileSchema.optional(),
    nextWords: count.optional(),
    tied: z.boolean().optional(),
    images: imagesSchema.optional(),
    transforms: z.array(transformSchema).default([]),
    augment: z.array(transformSchema).default([]),
    seed: z.int().min(0).default(1),
  })
  .refine(hasOneBudget, budgetProblem)

/** The check of the source of a recipe. @internal */
export const sourceSchema = z
  .strictObject({
    network: z.string().min(1).optional(),
    options: optionsSchema.optional(),
    text: textSchema.optional(),
    untrained: z.literal(true).optional(),
    pretrain: pretrain.optional(),
    weights: z.string().min(1).optional(),
    model: z.string().min(1).optional(),
    taps: z.array(z.string().min(1)).min(1).optional(),
    classes: count.optional(),
    dataset: z.string().min(1).optional(),
    normalise: normalisationSchema.optional(),
  })
  .refine(({ pretrain: trained, weights, model, untrained }) => [trained, weights, model, untrained].filter((place) => place !== undefined).length === 1, {
    error: 'a source network is either trained first (pretrain), read from a file (weights), a TensorFlow.js model (model), or has random weights, for the strategy scratch alone (untrained: true): give one of the four',
  })
  .refine(({ network, model }) => (network === undefined) !== (model === undefined), {
    error: 'give the name of the network (network); only a TensorFlow.js model (model) says itself what it is, and then there is no network to name',
  })
  .refine(({ taps, model }) => taps === undefined || model !== undefined, { error: 'taps choose among the layers of a TensorFlow.js model (model); other networks have taps of their own' })

/** How the source network is trained where it is not read from a file. */
export type PretrainSettings = z.infer<typeof pretrain>

/** What is transferred from. */
export type SourceSettings = z.infer<typeof sourceSchema>

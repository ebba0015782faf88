import { z } from 'zod'
import { count, imagesSchema, normalisationSchema, transformSchema } from './image-schemas.js'
import { budgetProblem, hasOneBudget, trainingFields } from './training-schema.js'

const pretrain = z
  .strictObject({
    ...trainingFields,
    dataset: z.string().min(1),
    test: z.string().min(1).optional(),
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
    pretrain: pretrain.optional(),
    weights: z.string().min(1).optional(),
    model: z.string().min(1).optional(),
    taps: z.array(z.string().min(1)).min(1).optional(),
    classes: count.optional(),
    dataset: z.string().min(1).optional(),
    normalise: normalisationSchema.optional(),
  })
  .refine(({ pretrain: trained, weights, model }) => [trained, weights, model].filter((place) => place !== undefined).length === 1, {
    error: 'a source network is either trained first (pretrain), read from a file (weights) or a TensorFlow.js model (model): give one of the three',
  })
  .refine(({ network, model }) => (network === undefined) !== (model === undefined), {
    error: 'give the name of the network (network); only a TensorFlow.js model (model) says itself what it is, and then there is no network to name',
  })
  .refine(({ taps, model }) => taps === undefined || model !== undefined, { error: 'taps choose among the layers of a TensorFlow.js model (model); other networks have taps of their own' })

/** How the source network is trained where it is not read from a file. */
export type PretrainSettings = z.infer<typeof pretrain>

/** What is transferred from. */
export type SourceSettings = z.infer<typeof sourceSchema>

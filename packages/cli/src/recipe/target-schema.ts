import { z } from 'zod'
import { count } from './count.js'
import { imagesSchema, transformSchema } from './image-schemas.js'
import { optionsSchema } from './options-schema.js'
import { textFileSchema } from './text-schemas.js'

/** The check of what is tested on: a split by name, the rest, or a share of each class. @internal */
export const testSchema = z.union([z.string().min(1), z.strictObject({ share: z.number().gt(0).lt(1) })], { error: 'is the name of what is tested on, or a share of each class such as { share: 0.2 }, above 0 and below 1' })

/** Fields of a data set that is trained and tested on. @internal */
export const targetFields = {
  dataset: z.string().min(1),
  datasetOptions: optionsSchema.optional(),
  examplesPerClass: count.optional(),
  trainShare: z.number().gt(0).max(1).optional(),
  test: testSchema.default('rest'),
  texts: textFileSchema.optional(),
  baseline: z.enum(['tf-idf', 'none']).optional(),
  images: imagesSchema.optional(),
  transforms: z.array(transformSchema).default([]),
  augment: z.array(transformSchema).default([]),
}

/** The check of a target. @internal */
export const targetSchema = z.strictObject(targetFields)

/** A data set with how much of it is trained on, what is tested on, and how its images or texts are read. */
export type TargetSettings = z.infer<typeof targetSchema>

import { z } from 'zod'
import { count } from './count.js'

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

/** One step of the preparation of images, such as `{ resize: [20, 20] }`. */
export type TransformEntry = z.infer<typeof transformSchema>

/** How image files are read, where the examples are image files: channels, and one size for all. */
export type ImageSettings = z.infer<typeof imagesSchema>

/** Mean and standard deviation of each channel, of values from 0 to 1. */
export type Normalisation = z.infer<typeof normalisationSchema>

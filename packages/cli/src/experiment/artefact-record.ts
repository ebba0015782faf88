import { z } from 'zod'
import { type ImageSettings, imagesSchema, type Normalisation, normalisationSchema, type TransformEntry, transformSchema } from '../recipe/image-schemas.js'
import type { TargetSettings } from '../recipe/target-schema.js'

const recordSchema = z.object({
  exampleShape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  images: imagesSchema.optional(),
  transforms: z.array(transformSchema),
  normalisation: normalisationSchema,
})

/** What the command line keeps with a model, to prepare new images as those of the training were. @internal */
export interface ArtefactRecord {
  /** Height, width and channels of an image as the data set stores it. */
  readonly exampleShape: readonly [number, number, number]
  /** How image files were read. */
  readonly images?: ImageSettings
  /** What is done to each image. */
  readonly transforms: readonly TransformEntry[]
  /** Normalisation that the source network expects. */
  readonly normalisation: Normalisation
}

/**
 * The record of a model that a recipe makes, as plain data.
 *
 * @param target The recipe's target.
 * @param exampleShape Shape of an example as the data set stores it.
 * @param normalisation Normalisation that the source network expects.
 * @internal
 */
export const artefactRecord = ({ images, transforms }: TargetSettings, exampleShape: readonly number[], normalisation: Normalisation): Readonly<Record<string, unknown>> => ({
  exampleShape,
  ...(images === undefined ? {} : { images }),
  transforms,
  normalisation,
})

/**
 * Reads the record of a model.
 *
 * @param record What the artefact holds.
 * @returns The record, or `undefined` when the model was not made by the command line.
 * @internal
 */
export const readArtefactRecord = (record: unknown): ArtefactRecord | undefined => {
  const parsed = recordSchema.safeParse(record)
  if (!parsed.success) return undefined
  const { images, ...others } = parsed.data
  return { ...others, ...(images === undefined ? {} : { images }) }
}

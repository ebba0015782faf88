import type { Inspection, InspectedStep } from '@transferkit/tensor'
import { z } from 'zod'
import type { SourceIdentity } from './source-identity.js'

/** A strategy in the record of a run. */
export interface RecordedStrategy {
  /** Identifier, such as `ptu` or `ptu+dan`. */
  readonly name: string
  /** Its options with their defaults. */
  readonly options: Readonly<Record<string, unknown>>
}

/** Sizes of what an artefact stores. */
export interface StoredElements {
  /** Number of parameters. */
  readonly parameters: number
  /** Number of running statistics. */
  readonly statistics: number
}

/** The task of an artefact, as it stands in `transfer_config.json`. */
export interface RecordedTask {
  /** Kind of task. */
  readonly kind: 'classification'
  /** Names of the classes, in the order of the labels and of the scores. */
  readonly classes: readonly string[]
}

/** What `transfer_config.json` holds: everything that is not a tensor and is needed to use the model. */
export interface TransferConfig {
  /** Version of the format. */
  readonly formatVersion: 1
  /** The strategy that builds the model. */
  readonly strategy: RecordedStrategy
  /** The strategy that it was trained with, which may have regularisers on top. */
  readonly trainedWith: RecordedStrategy
  /** The source that the model is built on. */
  readonly source: SourceIdentity
  /** What the model tells apart. */
  readonly task: RecordedTask
  /** Shape of one example as the network sees it. */
  readonly inputShape: readonly number[]
  /** Names and settings of the transforms before the network, in order. */
  readonly preprocessing: readonly string[]
  /** Sizes of the stored tensors. */
  readonly elements: StoredElements
  /** Whatever else was to be kept with the model. */
  readonly record: Readonly<Record<string, unknown>>
  /** What there was to look at during the training beside the model. */
  readonly inspections?: readonly InspectedStep[]
}

const strategy = z.strictObject({ name: z.string(), options: z.record(z.string(), z.unknown()) })
const shape = z.array(z.int().nonnegative())

/** The check of `transfer_config.json`. @internal */
export const transferConfigSchema: z.ZodType<TransferConfig> = z.strictObject({
  formatVersion: z.literal(1),
  strategy,
  trainedWith: strategy,
  source: z.strictObject({ architecture: z.string(), classes: z.int().positive(), inputShape: shape, sha256: z.string() }),
  task: z.strictObject({ kind: z.literal('classification'), classes: z.array(z.string()) }),
  inputShape: shape,
  preprocessing: z.array(z.string()),
  elements: z.strictObject({ parameters: z.int(), statistics: z.int() }),
  record: z.record(z.string(), z.unknown()),
  // They come back as they were written.
  inspections: z.array(z.strictObject({ step: z.int(), inspections: z.array(z.custom<Inspection>((value) => typeof value === 'object' && value !== null)) })).exactOptional(),
})

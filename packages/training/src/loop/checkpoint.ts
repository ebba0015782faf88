import { type TrainingState, TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { entriesOfTree, treeFromEntries } from '../safetensors/tree-entries.js'
import { writeSafetensors } from '../safetensors/write-safetensors.js'
import { floatsOf } from '../safetensors/entry.js'
import type { EpochSummary } from './events.js'

/** Parameters and state of the best epoch so far. @internal */
export type Kept = Pick<TrainingState, 'params' | 'state'>

/** How far a training is, besides its tensors: everything that a resumed training must know to go on as if nothing had happened. @internal */
export interface Progress {
  /** Number of steps that are done. */
  readonly step: number
  /** Seconds that the steps took. */
  readonly seconds: number
  /** Sums over the batches of the epoch that were read. */
  readonly epoch: { readonly loss: number; readonly accuracy: number; readonly count: number }
  /** Best validation accuracy so far, and how many validations it has stood. */
  readonly best: { readonly accuracy: number; readonly age: number }
  /** The epochs so far. */
  readonly history: readonly EpochSummary[]
}

/** What decides the numbers of a training; a checkpoint fits only the same. @internal */
export type Identity = Readonly<Record<string, unknown>>

const metadataName = 'transferkit.checkpoint'
const trees = ['params', 'state', 'optimiser', 'extra'] as const

const headSchema = z.object({
  version: z.literal(1),
  identity: z.record(z.string(), z.unknown()),
  progress: z.object({
    step: z.int().nonnegative(),
    seconds: z.number(),
    epoch: z.object({ loss: z.number(), accuracy: z.number(), count: z.number() }),
    best: z.object({ accuracy: z.number(), age: z.number() }),
    // The events of the run itself; they come back as they were written.
    history: z.array(z.custom<EpochSummary>((value) => typeof value === 'object')),
  }),
})

/**
 * Writes a checkpoint.
 *
 * @throws TransferkitError `training/not-finite` when a tensor holds NaN or infinity: the checkpoint before is then the last good one.
 * @internal
 */
export const writeCheckpoint = async (training: TrainingState, best: Kept | undefined, progress: Progress, identity: Identity): Promise<Uint8Array> => {
  const entries = (
    await Promise.all([
      ...trees.map((name) => entriesOfTree(training[name], `${name}.`)),
      ...(best === undefined ? [] : [entriesOfTree(best.params, 'best.params.'), entriesOfTree(best.state, 'best.state.')]),
    ])
  ).flat()
  const broken = entries.find((entry) => floatsOf(entry).some((value) => !Number.isFinite(value)))
  if (broken !== undefined) {
    throw new TransferkitError('training/not-finite', `'${broken.name}' holds NaN or infinity after step ${progress.step}, so no checkpoint is written. The one before is the last good one. Try a lower learning rate.`)
  }
  return writeSafetensors(entries, { [metadataName]: JSON.stringify({ version: 1, identity, progress }) })
}

/** What a checkpoint holds. @internal */
export interface Restored {
  readonly training: TrainingState
  readonly best: Kept | undefined
  readonly progress: Progress
}

/**
 * Reads a checkpoint of the same training.
 *
 * @param start State at the start of the training; it gives the structure and stays as it is.
 * @throws TransferkitError `training/checkpoint-mismatch` when the checkpoint is one of another training; the message names what differs.
 * @internal
 */
export const readCheckpoint = (bytes: Uint8Array, start: TrainingState, identity: Identity): Restored => {
  const { entries, metadata } = readSafetensors(bytes, 'Checkpoint')
  const head = parseHead(metadata[metadataName])
  const differing = [...new Set([...Object.keys(identity), ...Object.keys(head.identity)])].filter((name) => JSON.stringify(identity[name]) !== JSON.stringify(head.identity[name]))
  if (differing.length > 0) {
    const list = differing.map((name) => `${name} (${JSON.stringify(head.identity[name])} then, ${JSON.stringify(identity[name])} now)`).join(', ')
    throw new TransferkitError('training/checkpoint-mismatch', `The checkpoint belongs to another training: ${list}. Resume with the settings it was started with, or start anew.`)
  }
  const part = <Name extends keyof TrainingState>(name: Name, prefix = ''): TrainingState[Name] => treeFromEntries(start[name], entries, `${prefix}${name}.`, 'Checkpoint')
  return {
    training: { params: part('params'), state: part('state'), optimiser: part('optimiser'), extra: part('extra') },
    best: entries.some(({ name }) => name.startsWith('best.')) ? { params: part('params', 'best.'), state: part('state', 'best.') } : undefined,
    progress: head.progress,
  }
}

const parseHead = (text: string | undefined): z.infer<typeof headSchema> => {
  try {
    return headSchema.parse(JSON.parse(text ?? 'null'))
  } catch (error) {
    throw new TransferkitError('training/checkpoint-mismatch', 'The file is no checkpoint of a training: it says nothing about its progress.', { cause: error })
  }
}

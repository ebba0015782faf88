import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtefactBytes } from '../artefact/create-artefact.js'
import type { TrainingEvent } from '../loop/events.js'
import { appendFile } from './append-file.js'
import { readArtefact, saveArtefact } from './artefact-folder.js'
import { writeAtomically } from './atomic-write.js'
import { openEventFile } from './event-file.js'
import { fileError, systemCode } from './file-error.js'

/** The folder of one training inside a run folder, for example of one strategy with one seed. */
export interface TrialFolder {
  /** Where it is. */
  readonly path: string
  /**
   * Prepares to go on where an earlier process stopped: what was recorded after the last checkpoint is forgotten, because it will be recorded again.
   *
   * @returns The last checkpoint, if there is one.
   */
  resume(): Promise<Uint8Array | undefined>
  /**
   * Saves a checkpoint; earlier ones but the last are deleted.
   *
   * @param bytes The checkpoint.
   * @param step Number of steps that were done.
   */
  saveCheckpoint(bytes: Uint8Array, step: number): Promise<void>
  /**
   * Adds an event to `metrics.jsonl` and its numbers to the TensorBoard curves.
   *
   * @param event What happened.
   */
  record(event: TrainingEvent): Promise<void>
  /**
   * Saves the trained model.
   *
   * @param artefact From `result.artefact()`.
   */
  saveArtefact(artefact: ArtefactBytes): Promise<void>
  /** Reads the trained model. */
  readArtefact(): Promise<ArtefactBytes>
  /**
   * Writes down that the training is done; checkpoints are no longer needed and are deleted.
   *
   * @param result Numbers to keep, as plain data.
   */
  finish(result: unknown): Promise<void>
  /** What {@link TrialFolder.finish} wrote; `undefined` while the training is not done. */
  result(): Promise<unknown>
  /** Closes the files that grow. */
  close(): Promise<void>
}

const keptCheckpoints = 2
const checkpointName = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`
const stepOf = (name: string): number => Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? Number.NaN)

const textOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError('read', path, error)
  }
}

/** The lines of a record of events up to a step; a line that a killed process left half written is none. */
const linesUpTo = (text: string, step: number): string =>
  text
    .split('\n')
    .slice(0, -1)
    .filter((line) => {
      // Each line was written as an event.
      const event = JSON.parse(line) as TrainingEvent
      // A phase begins after the checkpoint at its first step, and so it will again.
      const isRepeated = event.type === 'phase-start' || event.type === 'features-cached'
      return event.type !== 'training-end' && (isRepeated ? event.step < step : event.step <= step)
    })
    .map((line) => `${line}\n`)
    .join('')

const curves = (event: TrainingEvent): Readonly<Record<string, number>> => {
  if (event.type === 'step-end') {
    const metrics = Object.entries(event.metrics).map(([name, value]) => [`train/${name}`, value] as const)
    return { ...Object.fromEntries(metrics), 'train/learning-rate': event.learningRate, 'train/examples-per-second': event.examplesPerSecond }
  }
  if (event.type === 'epoch-end') {
    const inspected = event.inspections.flatMap(({ name, series }) =>
      Object.entries(series).flatMap(([line, rows]) => Object.entries(rows).map(([row, value]) => [`${name}/${line}/${row}`, value] as const)),
    )
    return {
      ...(event.validationAccuracy === undefined ? {} : { 'validation/accuracy': event.validationAccuracy }),
      ...(event.validationLoss === undefined ? {} : { 'validation/loss': event.validationLoss }),
      ...Object.fromEntries(inspected),
    }
  }
  return {}
}

/** The folder of one training. Who opens it holds the lock of the run folder around it. @internal */
export const trialFolder = (path: string): TrialFolder => {
  const metricsPath = join(path, 'metrics.jsonl')
  const resultPath = join(path, 'result.json')
  const checkpoints = join(path, 'checkpoints')
  const metrics = appendFile(metricsPath)
  const events = openEventFile(path)

  const checkpointNames = async (): Promise<readonly string[]> => {
    try {
      return (await readdir(checkpoints)).filter((name) => !Number.isNaN(stepOf(name))).sort()
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []
      throw fileError('read', checkpoints, error)
    }
  }
  const deleteFirst = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await rm(join(checkpoints, name), { force: true })
  }

  return {
    path,
    resume: async () => {
      const name = (await checkpointNames()).at(-1)
      const recorded = await textOf(metricsPath)
      if (recorded !== undefined) await writeAtomically(metricsPath, name === undefined ? '' : linesUpTo(recorded, stepOf(name)))
      if (name === undefined) return undefined
      const file = join(checkpoints, name)
      try {
        return await readFile(file)
      } catch (error) {
        throw fileError('read', file, error)
      }
    },
    saveCheckpoint: async (bytes, step) => {
      await writeAtomically(join(checkpoints, checkpointName(step)), bytes)
      await deleteFirst((await checkpointNames()).slice(0, -keptCheckpoints))
    },
    record: async (event) => {
      await metrics.append(`${JSON.stringify(event)}\n`)
      const values = curves(event)
      if (Object.keys(values).length > 0) await events.write(event.step, values)
    },
    saveArtefact: (artefact) => saveArtefact(join(path, 'artefact'), artefact),
    readArtefact: () => readArtefact(join(path, 'artefact')),
    finish: async (result) => {
      await writeAtomically(resultPath, `${JSON.stringify(result, undefined, 2)}\n`)
      await deleteFirst(await checkpointNames())
    },
    result: async () => {
      const text = await textOf(resultPath)
      return text === undefined ? undefined : (JSON.parse(text) as unknown)
    },
    close: async () => {
      await metrics.close()
      await events.close()
    },
  }
}

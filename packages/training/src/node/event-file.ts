import { join } from 'node:path'
import { appendFile } from './append-file.js'
import { eventEncoder, type ScalarEvent } from './tensorboard/event-record.js'

/** A file that TensorBoard reads. */
export interface EventFile {
  /**
   * Adds numbers of a step.
   *
   * @param step Number of the step.
   * @param values Numbers by name of their curve, such as `train/loss`; those that are not finite are left out.
   */
  write(step: number, values: Readonly<Record<string, number>>): Promise<void>
  /** Closes the file. */
  close(): Promise<void>
}

/**
 * Opens a new TensorBoard event file in a folder. TensorBoard puts all files of a folder together, so that a resumed training opens another one.
 *
 * @param folder Where to; made where it is missing.
 *
 * @example
 * ```ts
 * import { openEventFile } from '@transferkit/training/node'
 *
 * const record = async () => {
 *   const events = openEventFile('run/curves')
 *   await events.write(1, { 'train/loss': 0.7 })
 *   await events.close()
 * }
 * ```
 */
export const openEventFile = (folder: string): EventFile => {
  const now = (): number => Date.now() / 1000
  const opened = now()
  const file = appendFile(join(folder, `events.out.tfevents.${opened.toFixed(3)}.${process.pid}.transferkit`))
  const encoder = eventEncoder()
  let isEmpty = true
  return {
    write: async (step, values) => {
      const events = Object.entries(values)
        .filter(([, value]) => Number.isFinite(value))
        .map(([tag, value]): ScalarEvent => ({ tag, step, value, wallTime: now() }))
      const records = events.map((event) => encoder.scalar(event))
      await file.append(Buffer.concat(isEmpty ? [encoder.header(opened), ...records] : records))
      isEmpty = false
    },
    close: () => file.close(),
  }
}

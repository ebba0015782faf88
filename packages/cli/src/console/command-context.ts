import type { CommandIo } from './command-io.js'
import type { Progress } from './progress.js'
import type { TextStyle } from './style.js'

/** What every command works with. @internal */
export interface CommandContext {
  /** Streams, environment, signal. */
  readonly io: CommandIo
  /** Where progress is shown. */
  readonly progress: Progress
  /** Whether stdout is for a program: JSON and nothing else. */
  readonly json: boolean
  /** Emphasis for stdout. */
  readonly style: TextStyle
}

/**
 * Writes one JSON document to stdout.
 *
 * @param context The command's.
 * @param value What to write.
 * @internal
 */
export const writeJson = ({ io }: CommandContext, value: unknown): void => {
  io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

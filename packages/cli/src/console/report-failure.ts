import { TransferkitError } from '@transferkit/tensor'
import type { CommandIo } from './command-io.js'
import { exitCodes } from './exit-code.js'
import { outcomeOf } from './outcome.js'
import type { TextStyle } from './style.js'

const systemMessages: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full. What was finished before is kept; free some space and run the same command again, which goes on from there.',
  EDQUOT: 'The disk quota is used up. What was finished before is kept; free some space and run the same command again, which goes on from there.',
  EROFS: 'The disk can only be read. Choose another folder with --out.',
  EACCES: 'Permission is denied. Choose a folder of your own, or change the permissions.',
  EPERM: 'Permission is denied. Choose a folder of your own, or change the permissions.',
  EMFILE: 'Too many files are open. Raise the limit (ulimit -n) and run the same command again.',
  ENOMEM: 'There is not enough memory. Use a smaller batchSize.',
}

const isSystemError = (error: Error): error is Error & { readonly code: string; readonly path?: string } => 'code' in error && typeof error.code === 'string'

/** The message of an error for the person in front of the terminal. */
const messageOf = (error: unknown): string => {
  if (TransferkitError.isInstance(error)) return error.message
  if (!(error instanceof Error)) return String(error)
  if (isSystemError(error)) {
    const advice = systemMessages[error.code]
    if (advice !== undefined) return `${error.path === undefined ? '' : `${error.path}: `}${advice}`
    if (error.code === 'ENOENT' && error.path !== undefined) return `${error.path}: there is no such file or folder.`
  }
  return `${error.message}\nThis is not a mistake that Transferkit knows. Run the command again with --debug to see where it comes from.`
}

const withCauses = (error: unknown): string =>
  error instanceof Error ? `${error.stack ?? error.message}\n${error.cause === undefined ? '' : `Caused by: ${withCauses(error.cause)}`}` : `${String(error)}\n`

/**
 * Tells the person what went wrong, on stderr, and says with which code to end.
 *
 * @param error Whatever was thrown.
 * @param io Where to tell it.
 * @param debug Whether to show the stack trace.
 * @param style Emphasis for stderr.
 * @returns The exit code.
 * @internal
 */
export const reportFailure = (error: unknown, io: CommandIo, debug: boolean, style: TextStyle): number => {
  const outcome = outcomeOf(error, io.signal)
  if (outcome === 'interrupted') io.stderr.write('Interrupted. What was finished is saved; the same command goes on from there.\n')
  else io.stderr.write(`${style.error('Error:')} ${messageOf(error)}\n`)
  if (debug && outcome !== 'interrupted') io.stderr.write(withCauses(error))
  return exitCodes[outcome].code
}

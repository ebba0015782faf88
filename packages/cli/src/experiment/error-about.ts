import { TransferkitError } from '@transferkit/tensor'

/**
 * An error with what it is about in front of its message, under the same code.
 *
 * @param what A file, a folder, a training.
 * @param error What was thrown.
 * @param isMeant Which codes; all unless told.
 * @returns The error itself where it is another one.
 * @internal
 */
export const errorAbout = (what: string, error: unknown, isMeant: (code: string) => boolean = () => true): unknown =>
  TransferkitError.isInstance(error) && isMeant(error.code) ? new TransferkitError(error.code, `${what}: ${error.message}`, { cause: error }) : error

const marker = Symbol.for('transferkit.error')

/**
 * Error made by the person who called: it says what was wrong, where, what was expected and what to do.
 *
 * Several copies of a package may be loaded at once, so test with {@link TransferkitError.isInstance}, not with `instanceof`.
 *
 * @example
 * ```ts
 * import { TransferkitError } from '@transferkit/tensor'
 *
 * const error = new TransferkitError('labels/out-of-range', 'labels.csv, line 7: label 12 is not below 10, the number of classes.')
 * TransferkitError.isInstance(error) // true
 * ```
 */
export class TransferkitError extends Error {
  /** Stable identifier of the kind of mistake, `area/problem`, for programs that react to it. */
  readonly code: string

  /**
   * Makes an error with a stable code and a message for a person.
   *
   * @param code Stable identifier, `area/problem`.
   * @param message What was wrong, where, what was expected and what to do.
   * @param options The error that caused this one, as in `Error`.
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TransferkitError'
    this.code = code
    Object.defineProperty(this, marker, { value: true })
  }

  /**
   * Whether a value is an error of Transferkit, from this or any other copy of the package.
   *
   * @param value Anything that was thrown.
   */
  static isInstance(value: unknown): value is TransferkitError {
    return typeof value === 'object' && value !== null && marker in value
  }
}

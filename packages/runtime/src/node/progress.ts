/** What the native set-up is doing. */
export type InstallPhase = 'wait' | 'download' | 'verify' | 'unpack' | 'compile'

/** One progress event of the native set-up, meant for a progress bar. */
export interface InstallProgress {
  /**
   * What is going on: waiting for another process that does the same, downloading a wheel, checking its hash, unpacking the
   * library, compiling the binding.
   */
  readonly phase: InstallPhase
  /** What the phase works on, such as a file name. */
  readonly subject: string
  /** Bytes done so far in this phase. */
  readonly completed: number
  /** Bytes in all; 0 where the phase cannot be measured (waiting, compiling). */
  readonly total: number
}

/** Receives progress events. @internal */
export type OnProgress = (progress: InstallProgress) => void

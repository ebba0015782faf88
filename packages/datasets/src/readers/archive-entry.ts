import { TransferkitError } from '@transferkit/tensor'
import type { ReaderOptions } from '../bytes/byte-source.js'

/** A file inside an archive. */
export interface ArchiveEntry {
  /** Path inside the archive, with `/` between its parts. */
  readonly path: string
  /** Content of the file. */
  readonly bytes: Uint8Array
}

/** What a reader of archives may be told. */
export interface ArchiveReaderOptions extends ReaderOptions {
  /**
   * Which files to read; all of them unless told.
   *
   * @param path Path of a file inside the archive.
   */
  readonly filter?: (path: string) => boolean
}

export const checkEntryPath = (path: string, archive: string): void => {
  const parts = path.split('/')
  if (path === '' || path.startsWith('/') || path.includes('\\') || path.includes('\0') || parts.includes('..')) {
    throw new TransferkitError(
      'data/unsafe-path',
      `${archive}: holds a file with the path ${JSON.stringify(path)}; only paths that stay inside the archive are read. Make the archive again from inside its folder.`,
    )
  }
}

import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/** What decides where the cache is. */
export interface CacheFolderOptions {
  /** Environment variables, those of the process unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Operating system as Node names it, that of the process unless told. */
  readonly platform?: NodeJS.Platform
  /** Home folder of the user, as the operating system gives it unless told. */
  readonly home?: string
}

/**
 * Folder in which Transferkit keeps downloads and decoded data sets.
 *
 * It is `$TRANSFERKIT_CACHE` where that is set. Else it is `transferkit` in the user's cache folder: `$XDG_CACHE_HOME` or `~/.cache` on Linux and its
 * like, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows (there `transferkit\Cache`). It may be deleted at any time.
 *
 * @param options Environment, platform and home folder to go by.
 *
 * @example
 * ```ts
 * import { cacheFolder } from '@transferkit/datasets/node'
 *
 * const folder = cacheFolder()
 * ```
 */
export const cacheFolder = (options: CacheFolderOptions = {}): string => {
  const { environment = process.env, platform = process.platform, home = homedir() } = options
  const chosen = environment['TRANSFERKIT_CACHE']
  if (chosen !== undefined && chosen !== '') return chosen
  if (platform === 'win32') return win32.join(environment['LOCALAPPDATA'] ?? win32.join(home, 'AppData', 'Local'), 'transferkit', 'Cache')
  if (platform === 'darwin') return posix.join(home, 'Library', 'Caches', 'transferkit')
  const xdg = environment['XDG_CACHE_HOME']
  return posix.join(xdg === undefined || xdg === '' ? posix.join(home, '.cache') : xdg, 'transferkit')
}

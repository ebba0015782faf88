import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** What decides where the cache lies; the defaults are those of the running process. */
export interface CacheLocation {
  /** Operating system, as in `process.platform`. */
  readonly platform?: NodeJS.Platform
  /** Environment variables, as in `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** The user's home folder. */
  readonly home?: string
}

/**
 * Folder in which Transferkit keeps what it has downloaded and built, so that every project of a user shares it.
 *
 * `TRANSFERKIT_CACHE` wins. Otherwise it is the platform's cache folder of the user: `$XDG_CACHE_HOME/transferkit` or `~/.cache/transferkit`,
 * `~/Library/Caches/transferkit` on macOS, `%LOCALAPPDATA%\transferkit\Cache` on Windows.
 *
 * @param location Where to look; by default the running process.
 * @returns An absolute path. The folder may not exist yet.
 *
 * @example
 * ```ts
 * import { cacheFolder } from '@transferkit/runtime/node'
 *
 * cacheFolder({ platform: 'linux', environment: {}, home: '/home/ada' }) // '/home/ada/.cache/transferkit'
 * ```
 */
export const cacheFolder = (location: CacheLocation = {}): string => {
  const { platform = process.platform, environment = process.env, home = homedir() } = location
  const chosen = environment['TRANSFERKIT_CACHE']
  if (chosen) return resolve(chosen)
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'transferkit')
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'transferkit', 'Cache')
  return join(environment['XDG_CACHE_HOME'] || join(home, '.cache'), 'transferkit')
}

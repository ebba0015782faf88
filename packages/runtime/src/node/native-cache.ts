import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BindingSources, bindingFiles } from './binding.js'
import type { NativeLibrary } from './libraries.js'

/** Where the parts of the native set-up lie in a cache folder. @internal */
export interface NativeLayout {
  /** The unpacked library, with the bindings built for it. */
  readonly library: string
  /** File that says which library it is; written last. */
  readonly record: string
  /** Verified wheels that wait for being unpacked. */
  readonly downloads: string
  /** Everything unfinished. */
  readonly staging: string
  /** The lock of the set-up. */
  readonly lock: string
}

/** Name of the file in a library's folder that says what the folder holds. @internal */
export const recordName = 'library.json'

/** Where the parts of a library lie. @internal */
export const nativeLayout = (cache: string, library: NativeLibrary): NativeLayout => {
  const root = join(cache, 'native')
  return {
    library: join(root, library.id),
    record: join(root, library.id, recordName),
    downloads: join(root, 'downloads'),
    staging: join(root, 'staging'),
    lock: join(root, 'set-up.lock'),
  }
}

/** What the record of an unpacked library says. @internal */
export const libraryRecord = (library: NativeLibrary): string => `${JSON.stringify(library, undefined, 2)}\n`

/** Whether a library is unpacked, from the wheels and with the members that it is meant to have. @internal */
export const isUnpacked = (layout: NativeLayout, library: NativeLibrary): boolean => {
  try {
    return readFileSync(layout.record, 'utf8') === libraryRecord(library)
  } catch {
    return false
  }
}

/** Path of the finished binding of a library; undefined when it is not built. @internal */
export const builtBinding = (cache: string, library: NativeLibrary, sources: BindingSources): string | undefined => {
  const layout = nativeLayout(cache, library)
  const path = join(layout.library, bindingFiles(sources).loader)
  return isUnpacked(layout, library) && existsSync(path) ? path : undefined
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { type BindingSources, findBindingSources, findUpstream, upstreamAdvice } from './binding.js'
import { type Accelerator, chooseLibrary, type LibraryTarget, type NativeLibrary } from './libraries.js'
import { libraryTarget } from './machine.js'
import { builtBinding, isUnpacked, nativeLayout } from './native-cache.js'

/** Whether native TensorFlow can be opened, and which. @internal */
export interface NativeState {
  /** The binding to load; undefined when there is none. */
  readonly binding: string | undefined
  /** Folder of upstream's package, whose JavaScript goes with the binding. */
  readonly upstream: string | undefined
  /** One line: why it can or cannot be opened. */
  readonly reason: string
  /** One line: what would make it work. */
  readonly fix?: string
}

/** Where upstream's own installer puts its binding. @internal */
export const upstreamBinding = (upstream: string): string | undefined => {
  const path = join(upstream, 'lib', 'napi-v8', 'tfjs_binding.node')
  return existsSync(path) ? path : undefined
}

const libraryFor = (target: LibraryTarget, accelerator: Accelerator): NativeLibrary | TransferkitError => {
  try {
    return chooseLibrary(target, accelerator)
  } catch (error) {
    if (TransferkitError.isInstance(error)) return error
    throw error
  }
}

const ownBinding = (cache: string, target: LibraryTarget, sources: BindingSources): { readonly path: string; readonly accelerator: Accelerator } | undefined => {
  // A CUDA build was made on purpose, so it comes first.
  for (const accelerator of ['cuda', 'cpu'] as const) {
    const library = libraryFor(target, accelerator)
    if (library instanceof TransferkitError) continue
    const path = builtBinding(cache, library, sources)
    if (path !== undefined) return { path, accelerator }
  }
  return undefined
}

/** Looks for a native TensorFlow that is set up: our own build first, then what upstream's installer has made. @internal */
export const findNative = (cache: string, target: LibraryTarget = libraryTarget()): NativeState => {
  const upstream = findUpstream()
  if (upstream === undefined)
    return { binding: undefined, upstream, reason: 'the package @tensorflow/tfjs-node-gpu is not installed.', fix: upstreamAdvice }
  const own = ownBinding(cache, target, findBindingSources())
  if (own !== undefined)
    return { binding: own.path, upstream, reason: `native TensorFlow is set up for ${own.accelerator === 'cuda' ? 'CUDA' : 'the processor'}.` }
  const installed = upstreamBinding(upstream)
  if (installed !== undefined) return { binding: installed, upstream, reason: "upstream's own installer has set up native TensorFlow." }
  const library = libraryFor(target, 'cpu')
  if (library instanceof TransferkitError) return { binding: undefined, upstream, reason: library.message }
  return isUnpacked(nativeLayout(cache, library), library)
    ? { binding: undefined, upstream, reason: 'native TensorFlow is there, but its binding is not built for this version.', fix: 'Run: npx transferkit runtime --install (some seconds)' }
    : { binding: undefined, upstream, reason: 'native TensorFlow is not set up.', fix: 'Run: npx transferkit runtime --install' }
}

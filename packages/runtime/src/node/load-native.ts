import { createRequire } from 'node:module'
import { join } from 'node:path'
import util from 'node:util'
import { TransferkitError } from '@transferkit/tensor'
import type { NativeBackend, NativeBinding } from '../native/backend.js'

interface UpstreamModule {
  readonly NodeJSKernelBackend: new (binding: NativeBinding, packageName: string) => NativeBackend
}

/** Upstream's code uses two functions that Node 23 has removed and that Node 22 warns of; these do the same and do not warn. */
const replaceRemovedFunctions = (): void => {
  // The two are absent from the types of a Node that lacks them.
  const removed = util as { isNullOrUndefined?: (value: unknown) => boolean; isArray?: (value: unknown) => boolean }
  removed.isNullOrUndefined = (value) => value === null || value === undefined
  removed.isArray = Array.isArray
}

const loadAddon = (load: NodeJS.Require, binding: string): NativeBinding => {
  try {
    // An addon has no types.
    return load(binding) as NativeBinding
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new TransferkitError('runtime/load-failed', `The binding ${binding} could not be loaded: ${problem}. Delete its folder and set native TensorFlow up again.`, {
      cause: error,
    })
  }
}

/** What the binding needs from its surroundings before it is loaded. @internal */
export interface LoadOptions {
  /** Processor threads that one operation may use; TensorFlow's own choice (all) when absent. */
  readonly threads?: number | undefined
}

/**
 * Loads a binding and makes upstream's backend on it, without the entry point of upstream's package, which insists on a binding in its own
 * folder. Upstream's kernels register themselves. @internal
 */
export const loadNative = (upstream: string, binding: string, options: LoadOptions = {}): NativeBackend => {
  replaceRemovedFunctions()
  // TensorFlow reads both when it is loaded. The first hides its notes on processor features; warnings and errors are still shown.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1'
  if (options.threads !== undefined) process.env['TF_NUM_INTRAOP_THREADS'] = String(options.threads)
  const load = createRequire(join(upstream, 'package.json'))
  // CommonJS modules of upstream, whose content is known but whose files have no types that can be imported here.
  const { NodeJSKernelBackend } = load('./dist/nodejs_kernel_backend.js') as UpstreamModule
  load('./dist/register_all_kernels.js')
  return new NodeJSKernelBackend(loadAddon(load, binding), '@tensorflow/tfjs-node-gpu')
}

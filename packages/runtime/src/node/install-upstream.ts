import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { TransferkitError } from '@transferkit/tensor'
import { findUpstream, upstreamAdvice } from './binding.js'
import { type RunCommand, runCommand } from './command.js'
import type { Accelerator } from './libraries.js'
import { upstreamBinding } from './native-state.js'

/** How to run upstream's own installer. */
export interface InstallUpstreamOptions {
  /** What to compute on. Default `cpu`. Upstream's `cuda` build needs CUDA 11 on the machine. */
  readonly accelerator?: Accelerator
  /** Receives each line that the installer prints. */
  readonly onLine?: (line: string) => void
  /** Stops the installer when it fires. */
  readonly signal?: AbortSignal
}

/** The installer with its surroundings given. @internal */
export const installUpstreamIn = async (run: RunCommand, upstream: string | undefined, options: InstallUpstreamOptions): Promise<string> => {
  const { accelerator = 'cpu', onLine, signal } = options
  if (upstream === undefined) throw new TransferkitError('runtime/upstream-missing', `There is no installer to run. ${upstreamAdvice}`)
  // The script calls node-pre-gyp by name, as npm would let it.
  const builder = dirname(createRequire(join(upstream, 'package.json')).resolve('@mapbox/node-pre-gyp/package.json'))
  const result = await run(process.execPath, ['scripts/install.js', accelerator === 'cuda' ? 'gpu' : 'cpu', 'download'], {
    cwd: upstream,
    environment: { PATH: `${join(builder, 'bin')}:${process.env['PATH'] ?? ''}` },
    onLine,
    signal,
  })
  const path = upstreamBinding(upstream)
  if (result?.status === 0 && path !== undefined) return path
  throw new TransferkitError(
    'runtime/upstream-failed',
    `Upstream's installer did not produce a binding. It downloads TensorFlow 2.9.1 from a host that many networks block; use installNative instead.\n${(result?.errors ?? '').trim().slice(-1500)}`,
  )
}

/**
 * Runs the install script of `@tensorflow/tfjs-node-gpu`, for those who prefer upstream's own TensorFlow (2.9.1, of 2022) to the newer one of
 * {@link installNative}. What it makes lies in the package's folder and is used when our own build is not there. The script downloads from a host
 * that many networks block.
 *
 * @param options How to run it.
 * @returns Path of the binding.
 * @throws TransferkitError `runtime/upstream-missing` or `runtime/upstream-failed`.
 *
 * @example
 * ```ts no-run
 * import { installUpstream } from '@transferkit/runtime/node'
 *
 * const binding = await installUpstream({ onLine: (line) => console.log(line) })
 * ```
 */
export const installUpstream = (options: InstallUpstreamOptions = {}): Promise<string> => installUpstreamIn(runCommand, findUpstream(), options)

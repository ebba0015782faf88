import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TransferkitError } from '@transferkit/tensor'
import type { RunCommand } from './command.js'
import { packageFolder } from './resolve.js'
import type { Tool } from './tools.js'

/** Where the sources of the binding lie. @internal */
export interface BindingSources {
  /** Folder of the package `@tensorflow/tfjs-node-gpu`. */
  readonly upstream: string
  /** Folder with our own C++, shipped with this package. */
  readonly own: string
  /** Folder of the headers of Node's C interface. */
  readonly nodeHeaders: string
}

/** Folder of upstream's package; undefined when it is not installed. @internal */
export const findUpstream = (): string | undefined => packageFolder('@tensorflow/tfjs-node-gpu')

/** What to do when upstream's package is missing. @internal */
export const upstreamAdvice = 'Run: npm install --ignore-scripts @tensorflow/tfjs-node-gpu@4.22.0 (its install script would download a large library that nothing needs).'

/**
 * Finds the sources of the binding. @internal
 *
 * @throws TransferkitError `runtime/upstream-missing` when the package that carries them is not installed.
 */
export const findBindingSources = (): BindingSources => {
  const upstream = findUpstream()
  const headers = packageFolder('node-api-headers')
  if (upstream === undefined || headers === undefined)
    throw new TransferkitError('runtime/upstream-missing', `The native binding cannot be built: its sources are missing. ${upstreamAdvice}`)
  return {
    upstream,
    own: fileURLToPath(new URL('../../native/', import.meta.url)),
    nodeHeaders: join(headers, 'include'),
  }
}

// Node 12.22 and newer have version 8 of the interface, so one build serves every Node. Products and sums become one instruction where the processor has it.
const flags = ['-std=c++17', '-O2', '-ffp-contract=fast', '-fPIC', '-shared', '-fvisibility=hidden', '-DNAPI_VERSION=8'] as const

const sourceFiles = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => join(folder, name))

const unitsIn = (folder: string): readonly string[] => sourceFiles(folder).filter((path) => path.endsWith('.cc'))

/** The two files of a binding: the loader, which is what Node loads, and what it loads in turn. @internal */
export interface BindingFiles {
  readonly loader: string
  readonly library: string
}

/** File names of the binding that these sources give: other names for every change of a source. @internal */
export const bindingFiles = (sources: BindingSources): BindingFiles => {
  const folders = [join(sources.upstream, 'binding'), join(sources.own, 'binding'), join(sources.own, 'loader')]
  const hash = createHash('sha256').update(flags.join(' '))
  for (const path of folders.flatMap(sourceFiles)) hash.update(readFileSync(path))
  const name = `binding-${hash.digest('hex').slice(0, 16)}`
  return { loader: `${name}.node`, library: `${name}.so` }
}

/**
 * The arguments of the two calls of the compiler. The binding finds TensorFlow's libraries beside itself, so that the cache can be moved.
 */
const compilerArguments = (sources: BindingSources, tensorflow: string, staging: string): readonly (readonly string[])[] => {
  const { upstream, own, nodeHeaders } = sources
  const files = bindingFiles(sources)
  return [
    [...flags, `-I${nodeHeaders}`, ...unitsIn(join(own, 'loader')), '-o', join(staging, files.loader), '-ldl'],
    [
      ...flags,
      ...[nodeHeaders, join(tensorflow, 'include'), join(upstream, 'binding')].map((folder) => `-I${folder}`),
      ...unitsIn(join(own, 'binding')),
      ...['-o', join(staging, files.library)],
      ...[`-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
      '-Wl,-rpath,$ORIGIN/tensorflow',
    ],
  ]
}

/** Compiles the binding into the folder of its library; nothing is there under its final name before it is whole. @internal */
export const compileBinding = async (
  sources: BindingSources,
  folder: string,
  staging: string,
  compiler: Tool,
  run: RunCommand,
  signal: AbortSignal | undefined,
): Promise<void> => {
  for (const args of compilerArguments(sources, join(folder, 'tensorflow'), staging)) {
    const result = await run(compiler.command, args, { signal })
    if (result?.status !== 0)
      throw new TransferkitError(
        'runtime/compile-failed',
        `${compiler.command} (${compiler.version}) could not build the native binding:\n${(result?.errors ?? '').trim().slice(-2000)}`,
      )
  }
  const { loader, library } = bindingFiles(sources)
  // The loader last: where it is, everything is.
  for (const name of [library, loader]) await rename(join(staging, name), join(folder, name))
}

import { execFile } from 'node:child_process'
import { cpus, release } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { OpenedRuntime } from './open-backend.js'

/** Where and with what a run is made: `environment.json` of a run folder. @internal */
export interface Environment {
  /** Version of the command line. */
  readonly version: string
  /** Commit of the checkout; absent where the command line was installed as a package. */
  readonly commit?: string
  /** Which backend was taken, and why. */
  readonly backend: string
  /** Threads that one operation may use, where that is known. */
  readonly threads?: number
  /** Processor and number of its cores. */
  readonly processor: string
  /** Operating system with its version, and architecture. */
  readonly system: string
  /** Version of Node. */
  readonly node: string
  /** When the run began or was continued last, as an ISO date. */
  readonly date: string
}

const commitOf = async (folder: string): Promise<string | undefined> => {
  // An installed package lies in somebody else's repository, whose commits say nothing about it.
  if (folder.includes('node_modules')) return undefined
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: folder, timeout: 5000 })
    return stdout.trim()
  } catch {
    // Without git, or outside a checkout, there is no commit to name.
    return undefined
  }
}

/**
 * Describes the machine and the open backend.
 *
 * @param runtime The open backend.
 * @param version Version of the command line.
 * @internal
 */
export const describeEnvironment = async (runtime: Pick<OpenedRuntime, 'reason' | 'threads'>, version: string): Promise<Environment> => {
  const commit = await commitOf(dirname(fileURLToPath(import.meta.url)))
  const processors = cpus()
  return {
    version,
    ...(commit === undefined ? {} : { commit }),
    backend: runtime.reason,
    ...(runtime.threads === undefined ? {} : { threads: runtime.threads }),
    processor: `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores`,
    system: `${process.platform} ${release()}, ${process.arch}`,
    node: process.version,
    date: new Date().toISOString(),
  }
}

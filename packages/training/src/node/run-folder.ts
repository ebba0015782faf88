import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { writeAtomically } from './atomic-write.js'
import { lockFolder } from './folder-lock.js'
import { trialFolder, type TrialFolder } from './trial-folder.js'

/** The folder of a run: its recipe and environment, and a folder for each training. While it is open no other process can open it. */
export interface RunFolder {
  /** Where it is. */
  readonly path: string
  /**
   * Writes a file as a whole or not at all.
   *
   * @param name Its path inside the folder, such as `recipe.yaml` or `report.html`.
   * @param content Bytes or text.
   */
  write(name: string, content: Uint8Array | string): Promise<void>
  /**
   * Writes `environment.json`: Node, system and processor, and what else matters.
   *
   * @param details What else, as plain data, such as the backend and versions.
   */
  writeEnvironment(details?: Readonly<Record<string, unknown>>): Promise<void>
  /**
   * The folder of one training.
   *
   * @param name Such as `ptu/seed-1`.
   */
  trial(name: string): TrialFolder
  /** Gives the folder free for other processes. */
  close(): Promise<void>
}

/** What a run depends on besides its recipe. */
const environment = (details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  node: process.version,
  platform: process.platform,
  architecture: process.arch,
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryInBytes: totalmem(),
  startedAt: new Date().toISOString(),
  ...details,
})

/**
 * Opens a run folder, making it where it is missing.
 *
 * @param path Where it is.
 * @throws TransferkitError `run/locked` when another process has it open, `file/cannot-write` when it cannot be written; `run/file-name`, from `write` and `trial`,
 * for a name that leads out of the folder.
 *
 * @example
 * ```ts
 * import { openRunFolder } from '@transferkit/training/node'
 *
 * const record = async () => {
 *   const folder = await openRunFolder('runs/digits')
 *   await folder.writeEnvironment({ backend: 'cpu' })
 *   await folder.close()
 * }
 * ```
 */
export const openRunFolder = async (path: string): Promise<RunFolder> => {
  const unlock = await lockFolder(path)
  const inside = (name: string): string => {
    const parts = name.split('/')
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new TransferkitError('run/file-name', `'${name}' does not name a place inside a run folder.`)
    }
    return join(path, ...parts)
  }
  return {
    path,
    write: async (name, content) => writeAtomically(inside(name), content),
    writeEnvironment: (details = {}) => writeAtomically(join(path, 'environment.json'), `${JSON.stringify(environment(details), undefined, 2)}\n`),
    trial: (name) => trialFolder(inside(name)),
    close: unlock,
  }
}

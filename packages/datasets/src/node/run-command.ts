import { spawn } from 'node:child_process'
import { TransferkitError } from '@transferkit/tensor'
import { systemCodeOf } from './file-error.js'

/** Runs a program in a folder to its end. A program that is missing or fails is an error that ends with what it said last. */
export const runCommand = async (command: string, parameters: readonly string[], folder: string, signal?: AbortSignal): Promise<void> => {
  // On Windows npm is a script, which only the shell can start; parameters come from checked manifests and hold no blanks.
  const child = spawn(command, [...parameters], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    ...(signal === undefined ? {} : { signal }),
  })
  let said = ''
  const listen = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-4000))
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).catch((error: unknown) => {
    signal?.throwIfAborted()
    if (systemCodeOf(error) === 'ENOENT') throw new TransferkitError('command/not-found', `The program ${command} was not found. Install it, or add its folder to PATH.`, { cause: error })
    throw error
  })
  signal?.throwIfAborted()
  if (status !== 0) {
    throw new TransferkitError('command/failed', `${[command, ...parameters].join(' ')} ended with status ${status}:\n${said.trim().split('\n').slice(-12).join('\n')}`)
  }
}

import type { CommandIo } from './console/command-io.js'
import { runCli } from './run-cli.js'

/** What a command did. @internal */
export interface Captured {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line and keeps what it writes. @internal */
export const runCaptured = async (argv: readonly string[], io: Partial<CommandIo> = {}): Promise<Captured> => {
  const written = { stdout: '', stderr: '' }
  const code = await runCli(argv, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    environment: {},
    workingFolder: '.',
    signal: new AbortController().signal,
    ...io,
  })
  return { code, ...written }
}

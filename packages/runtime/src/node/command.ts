import { spawn } from 'node:child_process'

/** How a command is run. @internal */
export interface CommandOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Ends the command when it fires. */
  readonly signal?: AbortSignal | undefined
  /** Gets each line of the command's output as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
}

/** What became of a command. @internal */
export interface CommandResult {
  /** Exit status; null when a signal ended the command. */
  readonly status: number | null
  /** Everything it wrote to standard output. */
  readonly output: string
  /** Everything it wrote to standard error. */
  readonly errors: string
}

/**
 * Runs a command to its end. Tests put a function of their own in its place. @internal
 *
 * @returns What became of it; undefined when there is no such command.
 */
export type RunCommand = (command: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult | undefined>

/** Runs a command of this machine, without a shell. @internal */
export const runCommand: RunCommand = (command, args, options = {}) => {
  const { cwd, environment, signal, onLine } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    })
    let output = ''
    let errors = ''
    let unfinished = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const lines = (unfinished + text).split('\n')
      unfinished = lines.pop() ?? ''
      for (const line of lines) onLine?.(line)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined)
      else if (error.name !== 'AbortError') reject(error)
    })
    // An aborted command counts as ended only when it is gone, so that its files can be removed.
    child.on('close', (status) => {
      if (signal?.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error(`${command} was stopped.`))
      else resolve({ status, output, errors })
    })
  })
}

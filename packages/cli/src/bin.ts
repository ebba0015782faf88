import { runCli } from './run-cli.js'

// Whoever reads has enough, as with `| head`: that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice wants no tidy end.
    if (interruption.signal.aborted) process.exit(130)
    process.stderr.write('\nStopping after this step; what was done is saved. Interrupt again to stop at once.\n')
    interruption.abort()
  })
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  // Nobody waits for a person to type.
  ...(process.stdin.isTTY ? {} : { stdin: process.stdin }),
  environment: process.env,
  workingFolder: process.cwd(),
  signal: interruption.signal,
})

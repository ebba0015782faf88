import { CommanderError } from 'commander'
import type { CommandIo } from './console/command-io.js'
import { exitCodes } from './console/exit-code.js'
import { styleFor } from './console/style.js'
import { packageVersion } from './package-version.js'
import { makeProgram } from './program.js'

/**
 * Runs a command line, as the program `transferkit` does. It throws nothing: what goes wrong is told on `stderr`, and by the exit code.
 *
 * | code | meaning |
 * | --- | --- |
 * | 0 | everything was done |
 * | 1 | something failed during the work |
 * | 2 | the command line or the recipe is wrong |
 * | 3 | data, weights or an artefact are missing or damaged |
 * | 4 | no backend can be opened or set up |
 * | 130 | interrupted; the same command goes on from there |
 *
 * @param argv The arguments after the program's name, such as `['compare', 'digits.yaml']`.
 * @param io Streams, environment, signal.
 * @returns The exit code; the process is left running.
 *
 * @example
 * ```ts
 * import { runCli } from 'transferkit'
 *
 * let output = ''
 * const collect = { write: (text: string) => (output += text) }
 * const code = await runCli(['--version'], { stdout: collect, stderr: collect, environment: {}, workingFolder: '.', signal: new AbortController().signal })
 * // code 0, output the version
 * ```
 */
export const runCli = async (argv: readonly string[], io: CommandIo): Promise<number> => {
  const program = makeProgram(io, packageVersion())
  try {
    if (argv.length === 0) program.outputHelp({ error: true })
    else await program.parseAsync([...argv], { from: 'user' })
    return argv.length === 0 ? exitCodes.usage.code : exitCodes.success.code
  } catch (error) {
    // Commander has told the user already; its own code says only whether it was help or a mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success.code : exitCodes.usage.code
    // Imported here, because it loads the tensor package, which --help does without.
    const { reportFailure } = await import('./console/report-failure.js')
    return reportFailure(error, io, argv.includes('--debug'), styleFor(io.stderr, io.environment, !argv.includes('--no-color')))
  }
}

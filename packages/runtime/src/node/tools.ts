import { TransferkitError } from '@transferkit/tensor'
import type { RunCommand } from './command.js'

/** A program that was found on the machine. */
export interface Tool {
  /** The command that starts it. */
  readonly command: string
  /** The version that it states. */
  readonly version: string
}

type Environment = Readonly<Record<string, string | undefined>>

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''

const find = async (run: RunCommand, commands: readonly (string | undefined)[], args: readonly string[]): Promise<Tool | undefined> => {
  for (const command of commands) {
    if (!command) continue
    const result = await run(command, args)
    if (result?.status === 0) return { command, version: firstLine(result.output || result.errors) }
  }
  return undefined
}

/** Finds Python 3: `TRANSFERKIT_PYTHON`, `python3` or `python`. @internal */
export const findPython = async (run: RunCommand, environment: Environment): Promise<Tool | undefined> => {
  const found = await find(run, [environment['TRANSFERKIT_PYTHON'], 'python3', 'python'], ['--version'])
  return found?.version.startsWith('Python 3') ? found : undefined
}

/** Finds pip as a module of a Python. @internal */
export const findPip = async (run: RunCommand, python: Tool): Promise<Tool | undefined> => {
  const found = await find(run, [python.command], ['-m', 'pip', '--version'])
  return found && { ...found, version: /^pip \S+/.exec(found.version)?.[0] ?? found.version }
}

/** Finds a C++ compiler: `CXX`, `g++`, `clang++` or `c++`. @internal */
export const findCompiler = (run: RunCommand, environment: Environment): Promise<Tool | undefined> =>
  find(run, [environment['CXX'], 'g++', 'clang++', 'c++'], ['--version'])

/** Version of the NVIDIA driver, such as `550.54.14`; undefined where there is none. @internal */
export const findNvidiaDriver = async (run: RunCommand): Promise<string | undefined> => {
  const result = await run('nvidia-smi', ['--query-gpu=driver_version', '--format=csv,noheader'])
  const version = firstLine(result?.output ?? '')
  return result?.status === 0 && /^\d+(\.\d+)+$/.test(version) ? version : undefined
}

// The first driver for CUDA 12.
const requiredDriver = 525

/** Whether a driver can run the CUDA 12 build. @internal */
export const driverSuffices = (version: string | undefined): boolean => version !== undefined && Number.parseInt(version, 10) >= requiredDriver

/** The programs that the native set-up needs. @internal */
export interface BuildTools {
  readonly python: Tool
  readonly pip: Tool
  readonly compiler: Tool
}

/** What to install when a tool is missing. @internal */
export const toolAdvice = {
  python: 'Install Python 3 (Debian, Ubuntu: apt-get install python3 python3-pip; Fedora: dnf install python3-pip), or name it in TRANSFERKIT_PYTHON.',
  pip: 'Install pip (Debian, Ubuntu: apt-get install python3-pip; Fedora: dnf install python3-pip; elsewhere: python3 -m ensurepip).',
  compiler: 'Install a C++ compiler (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++), or name it in CXX.',
} as const

/**
 * Finds everything that the native set-up needs. @internal
 *
 * @throws TransferkitError `runtime/python-missing`, `runtime/pip-missing` or `runtime/compiler-missing`.
 */
export const requireBuildTools = async (run: RunCommand, environment: Environment): Promise<BuildTools> => {
  const missing = (tool: keyof typeof toolAdvice, what: string): TransferkitError =>
    new TransferkitError(
      `runtime/${tool}-missing`,
      `The native TensorFlow cannot be set up: ${what} ${toolAdvice[tool]} Without it Transferkit runs on WebAssembly, about ten times slower.`,
    )
  const python = await findPython(run, environment)
  if (python === undefined) throw missing('python', 'there is no python3, which downloads and unpacks it.')
  const pip = await findPip(run, python)
  if (pip === undefined) throw missing('pip', `${python.command} has no pip, which downloads it.`)
  const compiler = await findCompiler(run, environment)
  if (compiler === undefined) throw missing('compiler', 'there is no C++ compiler, which builds the binding.')
  return { python, pip, compiler }
}

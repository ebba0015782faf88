import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TransferkitError } from '@transferkit/tensor'
import type { RunCommand } from './command.js'
import type { Wheel } from './libraries.js'
import type { OnProgress } from './progress.js'
import type { Tool } from './tools.js'

/** What the steps of fetching a wheel share. @internal */
export interface WheelContext {
  readonly run: RunCommand
  readonly python: Tool
  /** Folder for what is not finished; removed by the caller. */
  readonly staging: string
  /** Folder where verified wheels wait for being unpacked. */
  readonly downloads: string
  readonly onProgress: OnProgress
  readonly signal: AbortSignal | undefined
}

/** The arguments that make pip fetch exactly this wheel, whatever Python and machine it runs on. @internal */
export const pipArguments = (wheel: Wheel, destination: string): readonly string[] => {
  const tags = /-(?<interpreter>cp|py)(?<version>\d+)-[^-]+-(?<platforms>[^-]+)\.whl$/.exec(wheel.file)?.groups
  if (tags === undefined) throw new TypeError(`${wheel.file} is not the name of a wheel.`)
  const python = tags['interpreter'] === 'cp' ? ['--python-version', '3.11', '--implementation', 'cp'] : ['--python-version', '3.11']
  const platforms = (tags['platforms'] ?? '').split('.').flatMap((platform) => ['--platform', platform])
  return [
    ...['-m', 'pip', 'download', '--disable-pip-version-check', '--progress-bar', 'off', '--no-deps', '--only-binary=:all:'],
    ...python,
    ...platforms,
    ...['--dest', destination, `${wheel.project}==${wheel.version}`],
  ]
}

/** Size of the largest file below a folder: pip's download grows in a temporary folder whose name only pip knows. */
const largestFile = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0))
  return Math.max(0, ...(await Promise.all(sizes)))
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-8).join('\n')

const downloadError = (wheel: Wheel, errors: string): TransferkitError => {
  const subject = `${wheel.project} ${wheel.version}`
  if (/No space left on device|Errno 28/.test(errors))
    return new TransferkitError('runtime/disk-full', `The disk became full while ${subject} was downloaded. Free some space, or set TRANSFERKIT_CACHE to a folder on another disk.`)
  if (/Temporary failure in name resolution|NewConnectionError|ConnectTimeout|Max retries|ProxyError|SSLError|Network is unreachable|Connection (refused|reset)/i.test(errors))
    return new TransferkitError(
      'runtime/network',
      `pip could not reach its package index to download ${subject}. Check the network, and pip's settings for a proxy or mirror (python3 -m pip config list), and try again; until then use the wasm backend.\n${lastLines(errors)}`,
    )
  return new TransferkitError('runtime/download-failed', `pip could not download ${subject} (${wheel.file}):\n${lastLines(errors)}`)
}

const sha256 = async (path: string, total: number, subject: string, context: WheelContext): Promise<string> => {
  const hash = createHash('sha256')
  let completed = 0
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20, signal: context.signal })
  for await (const chunk of chunks) {
    hash.update(chunk)
    completed += chunk.length
    context.onProgress({ phase: 'verify', subject, completed, total })
  }
  return hash.digest('hex')
}

const hashOf = async (path: string, wheel: Wheel, context: WheelContext): Promise<string> => {
  const { size } = await stat(path)
  return sha256(path, size, wheel.file, context)
}

const mismatch = (wheel: Wheel, found: string): TransferkitError =>
  new TransferkitError(
    'runtime/hash-mismatch',
    `${wheel.file} is not the file that was expected: its SHA-256 is ${found}, not ${wheel.sha256}. It was deleted. Try again; if this comes back, the package index or a proxy serves another file, which is not safe to use.`,
  )

const download = async (wheel: Wheel, incoming: string, context: WheelContext): Promise<void> => {
  const { run, python, onProgress, signal } = context
  await mkdir(incoming, { recursive: true })
  const report = async (): Promise<void> =>
    onProgress({ phase: 'download', subject: wheel.file, completed: Math.min(await largestFile(incoming), wheel.bytes), total: wheel.bytes })
  const timer = setInterval(() => void report(), 250)
  try {
    const result = await run(python.command, pipArguments(wheel, incoming), { environment: { TMPDIR: incoming }, signal })
    if (result?.status !== 0) throw downloadError(wheel, `${result?.output ?? ''}\n${result?.errors ?? ''}`)
  } finally {
    clearInterval(timer)
  }
}

/**
 * Brings a wheel to the downloads folder, checked. One that is there from an interrupted run is taken if it is whole. @internal
 *
 * @returns Its path.
 */
export const fetchWheel = async (wheel: Wheel, context: WheelContext): Promise<string> => {
  const path = join(context.downloads, wheel.file)
  if (existsSync(path) && (await hashOf(path, wheel, context)) === wheel.sha256) return path
  const incoming = join(context.staging, 'download')
  await download(wheel, incoming, context)
  const arrived = join(incoming, wheel.file)
  const found = await hashOf(arrived, wheel, context)
  if (found !== wheel.sha256) {
    await rm(arrived)
    throw mismatch(wheel, found)
  }
  await mkdir(context.downloads, { recursive: true })
  await rename(arrived, path)
  return path
}

const unpackScript = fileURLToPath(new URL('../../native/unpack_wheel.py', import.meta.url))

/** Unpacks the members of a wheel that are needed into a folder. @internal */
export const unpackWheel = async (path: string, wheel: Wheel, destination: string, context: WheelContext): Promise<void> => {
  const { run, python, onProgress, signal } = context
  const onLine = (line: string): void => {
    const [completed = 0, total = 0] = line.split(' ').map(Number)
    onProgress({ phase: 'unpack', subject: wheel.file, completed, total })
  }
  const result = await run(python.command, [unpackScript, path, destination, ...wheel.members], { signal, onLine })
  if (result?.status === 0) return
  const errors = result?.errors ?? ''
  if (/No space left on device|Errno 28/.test(errors))
    throw new TransferkitError('runtime/disk-full', `The disk became full while ${wheel.file} was unpacked to ${destination}. Free some space, or set TRANSFERKIT_CACHE to a folder on another disk.`)
  throw new TransferkitError('runtime/unpack-failed', `${wheel.file} could not be unpacked:\n${lastLines(errors)}`)
}

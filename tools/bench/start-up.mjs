import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rounded } from './rows.mjs'
import { contestant, here } from './turns.mjs'

/**
 * @typedef {object} ImportTime How long a fresh process takes to import an entry of a package.
 * @property {string} entry Such as `@transferkit/training/node`.
 * @property {number} milliseconds The shortest of several.
 * @property {readonly string[]} heavy Heavy packages that it loads.
 */

/**
 * @typedef {object} InstalledSize What a package takes on disk.
 * @property {string} package
 * @property {number} kilobytes Its own files, unpacked.
 * @property {number} withDependenciesMegabytes With everything that is installed for it; native TensorFlow, which is set up apart, is not counted.
 */

/**
 * @typedef {object} StartUp What it takes to begin.
 * @property {readonly ImportTime[]} imports
 * @property {{ readonly milliseconds: number, readonly heavy: readonly string[] }} help `transferkit --help` from start to end.
 * @property {number} bareNodeMilliseconds A Node process that does nothing, from start to end.
 * @property {number} firstStepMilliseconds From the start of a process to the end of the first training step, with native TensorFlow.
 * @property {readonly InstalledSize[]} sizes
 * @property {string} [commit] What it was measured at.
 */

const packagesFolder = fileURLToPath(new URL('../../packages/', import.meta.url))
const repetitions = 10

/** What takes long to load, and is for some users only. */
const isHeavy = (/** @type {string} */ name) => name.startsWith('@tensorflow/') || ['sharp', 'echarts', 'zrender', 'zod', 'yaml', 'commander'].includes(name)

/** @type {(folder: string) => { readonly name: string, readonly private?: boolean, readonly exports?: Readonly<Record<string, string | { readonly default: string }>>, readonly dependencies?: Readonly<Record<string, string>>, readonly optionalDependencies?: Readonly<Record<string, string>>, readonly peerDependencies?: Readonly<Record<string, string>>, readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>> }} */
const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Writes the address of every module that is loaded to the error stream. */
const watching = `data:text/javascript,${encodeURIComponent(`
  import { createRequire, register } from 'node:module'
  import { writeSync } from 'node:fs'
  register('data:text/javascript,' + encodeURIComponent("import { writeSync } from 'node:fs'; export const load = (url, context, next) => { writeSync(2, url + '\\\\n'); return next(url, context) }"))
  const { cache } = createRequire('file:///')
  process.on('exit', () => writeSync(2, Object.keys(cache).join('\\n')))
`)}`

/** @type {(args: readonly string[]) => readonly string[]} */
const heavyOf = (args) => {
  const { stderr } = spawnSync(process.execPath, ['--import', watching, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const names = stderr.split('\n').map((line) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(line)?.[1] ?? '')
  return [...new Set(names)].filter(isHeavy).sort()
}

/** Imports a module and prints how long that took. */
const timing = (/** @type {string} */ url) => `const start = performance.now(); await import(${JSON.stringify(url)}); process.stdout.write(String(performance.now() - start)); process.exit(0)`

const evaluated = (/** @type {string} */ code) => ['--input-type=module', '--eval', code]

/** @type {(run: () => number) => number} */
const shortest = (run) => rounded(Math.min(...Array.from({ length: repetitions }, run)), 1)

/** @type {(args: readonly string[]) => number} */
const processTime = (args) =>
  shortest(() => {
    const start = performance.now()
    execFileSync(process.execPath, [...args], { stdio: 'ignore' })
    return performance.now() - start
  })

/** @type {(folder: string) => readonly ImportTime[]} */
const importsOf = (folder) => {
  const { name, exports = {} } = manifest(folder)
  return Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === 'string' || path.includes('*') || path === './testing' || path === './conformance') return []
    const code = timing(pathToFileURL(join(folder, target.default)).href)
    return [{ entry: `${name}${path.slice(1)}`, milliseconds: shortest(() => Number(execFileSync(process.execPath, evaluated(code), { encoding: 'utf8' }))), heavy: heavyOf(evaluated(code)) }]
  })
}

/** Bytes of the files of a folder, without the packages inside of it. @type {(folder: string) => number} */
const bytesOf = (folder) =>
  readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesOf(path)
    return entry.isFile() ? sum + statSync(path).size : sum
  }, 0)

/** @type {(from: string, name: string) => string | undefined} */
const installedFolder = (from, name) => {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate)
    if (folder === dirname(folder)) return undefined
  }
}

/** A package and everything that has to be installed for it. @type {(folder: string, found?: Set<string>) => Set<string>} */
const closure = (folder, found = new Set()) => {
  if (found.has(folder)) return found
  found.add(folder)
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest(folder)
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
    const installed = installedFolder(folder, name)
    if (installed !== undefined) closure(installed, found)
  }
  return found
}

/** Bytes that a package of ours has when it is installed. @type {(folder: string) => number} */
const packedBytes = (folder) => JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))[0].unpackedSize

/**
 * Measures what it takes to begin.
 *
 * @returns {Promise<StartUp>}
 */
export const startUp = async () => {
  const folders = readdirSync(packagesFolder)
    .map((name) => join(packagesFolder, name))
    .filter((folder) => existsSync(join(folder, 'package.json')) && manifest(folder).private !== true)
  const own = new Map(folders.map((folder) => [folder, packedBytes(folder)]))
  const help = [join(packagesFolder, 'cli', 'bin', 'transferkit.js'), '--help']
  const begun = performance.now()
  const first = await contestant('first step', [process.execPath, here('transferkit-step.mjs'), 'digits-batch64', 'native', 'compiled'])
  await first.round(1, true)
  const firstStepMilliseconds = Math.round(performance.now() - begun)
  first.end()
  return {
    imports: folders.flatMap(importsOf),
    help: { milliseconds: processTime(help), heavy: heavyOf(help) },
    bareNodeMilliseconds: processTime(['--eval', '0']),
    firstStepMilliseconds,
    sizes: folders.map((folder) => ({
      package: manifest(folder).name,
      kilobytes: Math.round((own.get(folder) ?? 0) / 1e3),
      withDependenciesMegabytes: rounded([...closure(folder)].reduce((sum, each) => sum + (own.get(each) ?? bytesOf(each)), 0) / 1e6, 1),
    })),
  }
}

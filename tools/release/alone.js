import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from '../bootstrap/steps.mjs'
import { entriesOf, isForTests } from './packages.js'
import { installProject } from './project.js'
import { run } from './run.js'

/** @import { Workshop } from './check.js' */
/** @import { PackedPackage } from './packages.js' */

const tsc = join(workspaceRoot, 'node_modules', 'typescript', 'bin', 'tsc')

/** Options of a project that is stricter than most, by the way it finds modules. */
const resolutions = {
  nodenext: { module: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

/**
 * Why the peer dependencies of a package are wrong.
 *
 * @param {PackedPackage} packed
 */
const peerProblems = ({ manifest: { name, dependencies = {}, peerDependencies = {}, exports } }) => {
  // The command line is nobody's dependency, and brings its own; a generator needs none.
  if (name === 'transferkit' || exports['.'] === undefined) return []
  const bundled = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@tensorflow/'))
  const own = Object.entries(dependencies).filter(([dependency, range]) => dependency.startsWith('@transferkit/') && range.startsWith('workspace:'))
  return [
    ...bundled.map((dependency) => `${name} depends on ${dependency}: it has to be a peer dependency, so that a program has one copy.`),
    ...(peerDependencies['@tensorflow/tfjs-core'] === undefined ? [`${name} does not name @tensorflow/tfjs-core as a peer dependency.`] : []),
    ...own.map(([dependency, range]) => `${name} is packed with ${dependency}@${range}, which means nothing outside of the workspace.`),
  ]
}

/**
 * Folders of a package anywhere below node_modules.
 *
 * @param {string} project
 * @param {RegExp} isWanted
 */
const copies = (project, isWanted) =>
  readdirSync(join(project, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter((path) => isWanted.test(path.replaceAll('\\', '/')))

/**
 * Installs one package and imports and type-checks every entry point.
 *
 * @param {string} folder
 * @param {PackedPackage} packed
 * @param {readonly PackedPackage[]} packages
 */
const checkOne = async (folder, packed, packages) => {
  const { manifest } = packed
  await installProject(folder, { dependencies: { [manifest.name]: '*' } }, packages)

  for (const name of ['@tensorflow/tfjs-core', '@transferkit/tensor']) {
    const found = copies(folder, new RegExp(`(^|/)${name}/package\\.json$`))
    if (found.length > 1) throw new Error(`${manifest.name} alone installs ${found.length} copies of ${name}: ${found.join(', ')}.`)
  }

  const entries = entriesOf(manifest)
  const imported = entries.filter((entry) => !isForTests(entry))
  writeFileSync(join(folder, 'import.js'), `for (const entry of ${JSON.stringify(imported)}) {\n  const exported = Object.keys(await import(entry))\n  if (exported.length === 0) throw new Error(entry + ' exports nothing.')\n}\n`)
  await run(folder, [process.execPath, 'import.js'])

  const lines = entries.map((entry, index) => `import * as entry${index} from '${entry}'\nexport const names${index}: string[] = Object.keys(entry${index})\n`)
  for (const [name, options] of Object.entries(resolutions)) {
    writeFileSync(join(folder, `${name}.ts`), lines.join(''))
    // The types of TensorFlow.js themselves are not ours to check.
    const compilerOptions = { ...options, target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], types: [], strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true, noEmit: true }
    writeFileSync(join(folder, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
    if (entries.length > 0) await run(folder, [process.execPath, tsc, '-p', `tsconfig.${name}.json`])
  }
  return entries.length
}

/**
 * Installs each package alone into a blank npm project and uses all its entry points, from JavaScript and from TypeScript by both ways of finding modules.
 *
 * @param {Workshop} workshop
 */
export const checkAlone = async ({ folder, packages }) => {
  const problems = packages.flatMap(peerProblems)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  let entries = 0
  for (const packed of packages) entries += await checkOne(join(folder, packed.manifest.name), packed, packages)
  return `${packages.length} packages with ${entries} entry points, each installed alone, imported and type-checked (nodenext, bundler); one copy of TensorFlow.js in each`
}
